"""Memory settings of a worker: large buffers go back to the system at once, small ones are kept."""

import ctypes
import gc
from collections.abc import Callable

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # <malloc.h> of glibc
LARGE_BYTES = 512 * 1024
SPARE_BYTES = 8 * 1024 * 1024
#: Python looks for reference cycles each time this many more objects exist. A batch has thousands of objects
#: and no cycle: with Python's default of 700, the search took a tenth of all CPU time.
NEW_OBJECTS = 100_000


def look_for_cycles_seldom() -> None:
    """Let Python look for cyclic garbage rarely, and not with each batch of records."""
    gc.set_threshold(NEW_OBJECTS, *gc.get_threshold()[1:])


def return_large_buffers() -> None:
    """Give allocations of 512 KiB and more their own pages, and keep up to 8 MiB of free heap.

    glibc starts with such a limit, but raises it, up to 32 MiB, each time such a buffer is freed. Kafka's
    buffers of a MiB a partition then come from the heap and leave holes: in a catch-up over a million posts
    the holes were 48 of a worker's 178 MB, and grew. A limit that is set stays. But glibc then also returns
    all free memory at the end of the heap, which numpy asks for again a moment later: clearing those pages
    took a tenth of all CPU time. With other C libraries this function does nothing.
    """
    mallopt = _of_glibc("mallopt")
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, LARGE_BYTES)
        mallopt(_M_TRIM_THRESHOLD, SPARE_BYTES)


def return_what_loading_left() -> None:
    """Give back what is free between what is in use: 30 MB, once the lexicon is read."""
    malloc_trim = _of_glibc("malloc_trim")
    if malloc_trim is not None:
        malloc_trim(0)


def _of_glibc(name: str) -> Callable[..., int] | None:
    return getattr(ctypes.CDLL(None), name, None)
