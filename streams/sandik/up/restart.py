"""What to do when a process has ended that nobody ended. Pure."""

from typing import NamedTuple

#: A process that has served so long had no part in what ended the one before it.
STEADY_S = 60.0
#: So many ends in a row, each soon after its start, are not bad luck.
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
    """Return how long to wait before it is started again; None where that would mend nothing.

    One that has never served ended because of something that is wrong, and will end again: a setting, a
    topic, a port. One that has served was killed or has met with something that may pass.
    """
    if not ended.has_served or ended.failures > MAX_FAILURES:
        return None
    return min(_FIRST_S * 2.0 ** (ended.failures - 1), _LONGEST_S)


def how(exit_code: int) -> str:
    """Return how a process ended, in words. A negative code is the signal that ended it."""
    return f"was ended by signal {-exit_code}" if exit_code < 0 else f"has ended with exit code {exit_code}"
