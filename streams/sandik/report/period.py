"""The period of a report: whole steps, so that every figure is a sum of the shown steps. Pure."""

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
    """`[from_ms, to_ms)`, both multiples of `step_ms` since 1970, UTC."""

    from_ms: int
    to_ms: int
    step_ms: int

    @property
    def starts_ms(self) -> range:
        """The start of every step."""
        return range(self.from_ms, self.to_ms, self.step_ms)

    @property
    def with_baseline_from_ms(self) -> int:
        """The start of the steps with which the first one is compared."""
        return self.from_ms - BASELINE_BUCKETS * self.step_ms


def period_of(
    asked: tuple[int | None, int | None], there: tuple[int, int], window_ms: int, step_ms: int | None
) -> Period:
    """Return the whole steps inside the `asked` period; at open ends, the steps around the counts (`there`).

    Raises:
        UsageError: the step is not a multiple of the window, or gives no steps or too many.
    """
    from_ms, to_ms = (one if one is not None else other for one, other in zip(asked, there, strict=True))
    step = step_ms or _good_step_ms(to_ms - from_ms, window_ms)
    if step % window_ms:
        raise UsageError(f"--step must be a multiple of the windows' {window_ms // 1000} s")
    first = -(-from_ms // step) if asked[0] is not None else from_ms // step
    end = to_ms // step if asked[1] is not None else -(-to_ms // step)
    if first >= end:
        raise UsageError(f"the period is shorter than a step of {step // 1000} s: use a shorter --step")
    if end - first > MOST_STEPS:
        raise UsageError(
            f"{end - first:,} steps of {step // 1000} s are more than {MOST_STEPS}: use a longer --step"
        )
    return Period(first * step, end * step, step)


def _good_step_ms(length_ms: int, window_ms: int) -> int:
    fitting = [step for step in _STEPS_MS if step % window_ms == 0] or [window_ms]
    for step in fitting:
        if length_ms <= _GOOD_STEPS * step:
            return step
    # Archives of years: multiples of the longest step.
    return fitting[-1] * -(-length_ms // (_GOOD_STEPS * fitting[-1]))
