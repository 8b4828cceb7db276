"""sandik: how much a stream of posts speaks of an election, of deepfakes, and of both.

The flow, in order (worker/topology.py is the map, counting/job.py the whole job in one function):

posts -> decode -> language -> tags -> windows -> partials -> merge -> counts
         (posts.dlq)       (mentions)  (posts.late)

For use from Python: `annotate`, `read_counts`, `replay_counts`, `counts_frame` and the types they return
(docs/python.md). Everything else may change from version to version.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sandik.api import (
        Annotation,
        Count,
        SandikError,
        Settings,
        Term,
        annotate,
        counts_frame,
        read_counts,
        replay_counts,
    )

__version__ = "0.1.0"
__all__ = ["Annotation", "Count", "SandikError", "Settings", "Term", "annotate", "counts_frame"]
__all__ += ["read_counts", "replay_counts"]


def __getattr__(name: str) -> Any:
    # Imported when asked for: the command must start at once, and may need none of it.
    if name not in __all__:
        raise AttributeError(f"module 'sandik' has no attribute {name!r}")
    from sandik import api

    return getattr(api, name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
