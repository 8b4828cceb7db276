"""What to do when a process ends by itself. Pure."""

from typing import NamedTuple

#: After serving this long, a process no longer counts as part of a row of failures.
STEADY_S = 60.0
#: After this many failures in a row, each soon after a start, give up.
MAX_FAILURES = 5
_FIRST_S, _LONGEST_S = 1.0, 30.0


class Ended(NamedTuple):
    """How a process has ended. `failures` counts this one and those in a row before it."""

    exit_code: int
    has_served: bool
    served_s: float
    failures: int


def failures_after(before: int, served_s: float) -> int:
    """Return how many ends in a row there are with this one."""
    return 1 if served_s >= STEADY_S else before + 1


def pause_s(ended: Ended) -> float | None:
    """Return how long to wait before a restart; None if a restart would not help.

    A process that has never served has a permanent problem: a setting, a topic, a port. One that has served
    was killed, or met a problem that may pass.
    """
    if not ended.has_served or ended.failures > MAX_FAILURES:
        return None
    return min(_FIRST_S * 2.0 ** (ended.failures - 1), _LONGEST_S)


def how(exit_code: int) -> str:
    """Return how a process ended, in words. A negative code is the signal that ended it."""
    return f"was ended by signal {-exit_code}" if exit_code < 0 else f"has ended with exit code {exit_code}"
