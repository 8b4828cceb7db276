"""The period of a report: all that is asked for; its first and last step may be cut. Pure."""

import msgspec

from sandik.errors import UsageError
from sandik.figures.statistics import BASELINE_BUCKETS

_MINUTE_MS, _HOUR_MS, _DAY_MS = 60_000, 3_600_000, 86_400_000
#: Usual lengths of steps.
_STEPS_MS = (
    *(minutes * _MINUTE_MS for minutes in (1, 5, 15)),
    *(hours * _HOUR_MS for hours in (1, 3, 6, 12)),
    *(days * _DAY_MS for days in (1, 7)),
)
#: The best number of steps for a chart; MOST_STEPS is the limit.
_GOOD_STEPS = 120
MOST_STEPS = 500


class Period(msgspec.Struct, frozen=True):
    """`[from_ms, to_ms)`, whole windows, in steps of `step_ms` as they are counted from 1970 on, UTC.

    So the first step may begin before it, and the last one end after it: their figures are of what is inside.
    """

    from_ms: int
    to_ms: int
    step_ms: int

    @property
    def starts_ms(self) -> range:
        """The start of every step."""
        return range(self.from_ms // self.step_ms * self.step_ms, self.to_ms, self.step_ms)

    def inside(self, start_ms: int) -> tuple[int, int]:
        """Return what of the step that starts then is inside the period."""
        return max(start_ms, self.from_ms), min(start_ms + self.step_ms, self.to_ms)

    @property
    def with_baseline_from_ms(self) -> int:
        """The start of the steps with which the first one is compared."""
        return self.starts_ms.start - BASELINE_BUCKETS * self.step_ms


def period_of(
    asked: tuple[int | None, int | None], there: tuple[int, int], window_ms: int, step_ms: int | None
) -> Period:
    """Return what was `asked` for, in whole windows; where that is open, the steps around what is `there`.

    Raises:
        UsageError: the step is no multiple of the window, or there are too many, or no time at all.
    """
    from_ms, to_ms = (one if one is not None else other for one, other in zip(asked, there, strict=True))
    if from_ms >= to_ms:
        raise UsageError("there are no counts in this period")
    from_ms, to_ms = from_ms // window_ms * window_ms, -(-to_ms // window_ms) * window_ms
    step = step_ms or _good_step_ms(to_ms - from_ms, window_ms)
    if step % window_ms:
        raise UsageError(f"--step must be a multiple of the windows' {window_ms // 1000} s")
    if asked[0] is None:
        from_ms = from_ms // step * step
    if asked[1] is None:
        to_ms = -(-to_ms // step) * step
    period = Period(from_ms, to_ms, step)
    if (steps := len(period.starts_ms)) > MOST_STEPS:
        raise UsageError(
            f"{steps:,} steps of {step // 1000} s are more than {MOST_STEPS}: use a longer --step"
        )
    return period


def _good_step_ms(length_ms: int, window_ms: int) -> int:
    fitting = [step for step in _STEPS_MS if step % window_ms == 0] or [window_ms]
    for step in fitting:
        if length_ms <= _GOOD_STEPS * step:
            return step
    # Archives of years: multiples of the longest step.
    return fitting[-1] * -(-length_ms // (_GOOD_STEPS * fitting[-1]))
