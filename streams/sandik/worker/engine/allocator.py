"""How a worker's memory is had and given back: large buffers at once, smaller ones kept at hand."""

import ctypes
import gc
from collections.abc import Callable

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # <malloc.h> of glibc
LARGE_BYTES = 512 * 1024
SPARE_BYTES = 8 * 1024 * 1024
#: Python looks for cycles whenever there are so many more objects. Posts on their way are thousands,
#: none in a cycle: with Python's own limit, 700, looking at them took a tenth of all CPU time.
NEW_OBJECTS = 100_000


def look_for_cycles_seldom() -> None:
    """Let Python collect cyclic garbage when there may be some, not with each batch of records."""
    gc.set_threshold(NEW_OBJECTS, *gc.get_threshold()[1:])


def return_large_buffers() -> None:
    """Give allocations of 512 KiB and more pages of their own, from now on, and keep 8 MiB for the others.

    glibc begins like that, too, but raises the limit, up to 32 MiB, whenever such a buffer is freed. What
    Kafka delivers, a MiB a partition, then comes from the heap and leaves holes there: in a catch-up over a
    million posts they were 48 of a worker's 178 MB, and grew. Set once, the limit stays. But glibc then gives
    back whatever is free at the end of the heap, too, which numpy asks for again a moment later: a tenth of
    all CPU time went into clean pages. Other C libraries do without.
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
