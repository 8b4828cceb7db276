"""Figures -> SVG: above, the share with its interval; below, the posts; by step. Pure."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from sandik.report.bursts import Burst
from sandik.report.period import Period
from sandik.report.series import Figures, LanguageFigures, Step
from sandik.report.words import ENGLISH, Words, safe
from sandik_schemas.pair import Pair

_WIDTH, _LEFT, _RIGHT = 900, 48, 8
_SHARE_TOP, _SHARE_HEIGHT = 12, 120
_POSTS_TOP, _POSTS_HEIGHT = 160, 56
_HEIGHT = 240

_MINUTE_MS, _HOUR_MS, _DAY_MS = 60_000, 3_600_000, 86_400_000
_TICKS_MS = (
    *(minutes * _MINUTE_MS for minutes in (1, 5, 10, 15, 30)),
    *(hours * _HOUR_MS for hours in (1, 3, 6, 12)),
    *(days * _DAY_MS for days in (1, 2, 7, 14, 28, 91, 182, 364)),
)
_MOST_TICKS = 8
#: Languages with their own chart; the table has all languages.
MOST_CHARTS = 8


class Scale(NamedTuple):
    """Maps times to x, shares and posts to y. All languages have the same top share.

    Times outside the period map to its ends.
    """

    period: Period
    top_share: float
    top_posts: int

    def x(self, at_ms: int) -> float:
        """Return the place of a time."""
        length_ms = self.period.to_ms - self.period.from_ms
        at_ms = min(max(at_ms, self.period.from_ms), self.period.to_ms)
        return _LEFT + (at_ms - self.period.from_ms) / length_ms * (_WIDTH - _LEFT - _RIGHT)

    def share_y(self, share: float) -> float:
        """Return the place of a share; shares above the top are drawn at the top."""
        return _SHARE_TOP + _SHARE_HEIGHT * (1 - min(share / self.top_share, 1))

    def posts_y(self, posts: float) -> float:
        """Return the place of a number of posts."""
        return _POSTS_TOP + _POSTS_HEIGHT * (1 - posts / self.top_posts)


def charted(figures: Figures) -> list[LanguageFigures]:
    """Return the languages with a chart: all together, then those with the most posts of the base."""
    return [one for one in figures.languages if one.posts.get(figures.base or "")][:MOST_CHARTS]


def top_share(languages: Sequence[LanguageFigures]) -> float:
    """Return a round share above the shares of all steps; intervals may be higher."""
    most = max((step.share.value for one in languages for step in one.steps if step.share), default=0.0)
    return next(top for top in (0.02, 0.05, 0.1, 0.2, 0.5, 1.0) if most <= top or top == 1.0)


def chart(
    language: LanguageFigures, bursts: Sequence[Burst], figures: Figures, top: float, words: Words = ENGLISH
) -> str:
    """Return the chart of one language, with its own bursts."""
    period, base = figures.period, figures.base or ""
    most = max((step.posts.get(base, 0) for step in language.steps), default=0)
    scale = Scale(period, top, max(1, most))
    parts = [
        *_time_axis(scale, words),
        *(
            _axis(scale.share_y, [(at, words.share(at)) for at in (0.0, top / 2, top)])
            if figures.pair
            else ()
        ),
        *_axis(scale.posts_y, [(0, "0"), (scale.top_posts, words.number(scale.top_posts))]),
        *(part for step in language.steps for part in _step(step, scale, figures.pair, base, words)),
        _line(language.steps, scale),
        *(_mark(burst, scale, words) for burst in bursts),
    ]
    edges = {"from": words.when(period.from_ms), "to": words.when(period.to_ms)}
    label = safe(words.say("chart_label", **edges))
    return f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{label}">{"".join(parts)}</svg>'


def _step(step: Step, scale: Scale, pair: Pair | None, base: str, words: Words) -> Iterator[str]:
    """Yield the band and the bars of a step, with the figures as tooltips."""
    end_ms = step.start_ms + scale.period.step_ms
    x, width = scale.x(step.start_ms), scale.x(end_ms) - scale.x(step.start_ms)
    state = "" if step.is_final else " current"
    told = words.share_text(step.share, step.posts, pair, base)
    span = words.span(*scale.period.inside(step.start_ms))
    title = f"<title>{safe(f'{span}: {told}')}</title>"
    both = step.posts.get(pair.name, 0) if pair else 0
    if step.share:
        yield _rectangle(
            f"band{state}", x, width, scale.share_y(step.share.high), scale.share_y(step.share.low), title
        )
    for name, posts in (("base", step.posts.get(base, 0)), ("both", both)):
        if posts:
            yield _rectangle(f"{name}{state}", x, width, scale.posts_y(posts), scale.posts_y(0), title)


def _rectangle(name: str, x: float, width: float, top: float, bottom: float, inside: str) -> str:
    place = f'x="{x:.1f}" width="{width:.1f}" y="{top:.1f}" height="{bottom - top:.1f}"'
    return f'<rect class="{name}" {place}>{inside}</rect>'


def _line(steps: Sequence[Step], scale: Scale) -> str:
    """Return the shares as a stepped line, with gaps for steps without posts of the base."""
    path, end_ms = [], None
    for step in steps:
        if step.share is None:
            continue
        move = "L" if end_ms == step.start_ms else "M"
        end_ms = step.start_ms + scale.period.step_ms
        y = scale.share_y(step.share.value)
        path.append(f"{move}{scale.x(step.start_ms):.1f} {y:.1f}H{scale.x(end_ms):.1f}")
    return f'<path class="share" d="{"".join(path)}"/>' if path else ""


def _mark(burst: Burst, scale: Scale, words: Words) -> str:
    x = scale.x((burst.start_ms + burst.end_ms) // 2)
    y = _POSTS_TOP - 4
    span = words.span(burst.start_ms, burst.end_ms)
    title = words.say("chart_burst", span=span, tag=words.column(burst.tag), n=words.number(burst.posts))
    return f'<path class="burst" d="M{x - 5:.1f} {y - 8}h10l-5 8z"><title>{safe(title)}</title></path>'


def _axis(y: Callable[[float], float], ticks: Sequence[tuple[float, str]]) -> Iterator[str]:
    for value, text in ticks:
        at = y(value)
        yield f'<path class="grid" d="M{_LEFT} {at:.1f}H{_WIDTH - _RIGHT}"/>'
        yield f'<text class="y" x="{_LEFT - 6}" y="{at + 4:.1f}">{text}</text>'


def _time_axis(scale: Scale, words: Words) -> Iterator[str]:
    period = scale.period
    length_ms = period.to_ms - period.from_ms
    tick_ms = next((tick for tick in _TICKS_MS if length_ms <= _MOST_TICKS * tick), _TICKS_MS[-1])
    day_before = None
    for at_ms in range(-(-period.from_ms // tick_ms) * tick_ms, period.to_ms, tick_ms):
        x = scale.x(at_ms)
        day, time = words.when(at_ms).split(" ")
        shown = day if tick_ms >= _DAY_MS else time if day == day_before else f"{day[words.short_day]} {time}"
        day_before = day
        anchor = "start" if x < _LEFT + 20 else "middle" if x < _WIDTH - 40 else "end"
        yield f'<path class="grid" d="M{x:.1f} {_SHARE_TOP}V{_POSTS_TOP + _POSTS_HEIGHT}"/>'
        y = _POSTS_TOP + _POSTS_HEIGHT + 18
        yield f'<text x="{x:.1f}" y="{y}" text-anchor="{anchor}">{shown}</text>'
