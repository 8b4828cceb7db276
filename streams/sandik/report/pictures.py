"""The charts of a report as PNG files, for slides and articles, each with its title. Needs matplotlib.

They show the same figures as the page. matplotlib has its own font and needs no browser. A picture lacks
coverage and terms, and has only one line about the method, so the page remains the report.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from sandik.errors import UsageError
from sandik.figures.rollup import EVERY
from sandik.files.atomic import new_file
from sandik.progress import progress
from sandik.report.bursts import Burst
from sandik.report.charts import charted, top_share
from sandik.report.document import Report
from sandik.report.period import Period
from sandik.report.series import Figures, LanguageFigures, Step
from sandik.report.words import ENGLISH, Words

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_INCHES, _DOTS_AN_INCH = (10, 5), 160
#: The same in all pictures, so that they can be overlaid.
_PLACES = {"left": 0.08, "right": 0.975, "bottom": 0.12, "top": 0.88, "hspace": 0.12}
#: The light colours of colours.css.
_INK, _NOTE, _SHARE, _POSTS, _BOTH, _BURST = "#15181d", "#4a5360", "#0067a5", "#c3cbd6", "#c24b00", "#b23a06"
_PALE = 0.35


def check_drawable() -> None:
    """Raise UsageError if matplotlib is not installed."""
    try:
        import matplotlib  # noqa: F401 - only whether it is there
    except ImportError as error:
        raise UsageError("pictures need matplotlib: run pip install 'sandik[report]'") from error


def write_pictures(report: Report, folder: Path, words: Words = ENGLISH) -> list[Path]:
    """Write a picture for each chart of the page; return their paths: `share.png` of all, `share-tr.png`.

    The files appear only when all are complete. None if no post is about the election.
    """
    from matplotlib import style

    languages = charted(report.figures)
    top, paths = top_share(languages), [folder / _name(one) for one in languages]
    is_new = not folder.exists()
    folder.mkdir(exist_ok=True)
    try:
        with progress("drawing pictures") as bar, ExitStack() as files:
            bar.expect(len(paths))
            for one, path in zip(languages, paths, strict=True):
                new = files.enter_context(new_file(path, replaces=True))
                with style.context("default"):  # regardless of the user's own style
                    # Without matplotlib's version: the same figures give the same bytes if it draws alike.
                    _picture(one, report, top, words).savefig(new, format="png", metadata={"Software": None})
                bar.advance(1)
    finally:
        if is_new and not any(folder.iterdir()):
            folder.rmdir()
    return paths


def _name(one: LanguageFigures) -> str:
    # A file of counts may contain any language.
    return "share.png" if one.language == EVERY else f"share-{quote(one.language, safe='')[:40]}.png"


def _picture(one: LanguageFigures, report: Report, top: float, words: Words) -> "Figure":
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
    from matplotlib.figure import Figure

    period = report.figures.period
    figure = Figure(figsize=_INCHES, dpi=_DOTS_AN_INCH)
    above, below = figure.subplots(2, sharex=True, height_ratios=[2, 1], gridspec_kw=_PLACES)
    _draw_share(above, one, period, top, words)
    _draw_posts(below, one, report.figures, words)
    bursts = [burst for burst in report.figures.bursts if burst.language == one.language]
    _draw_bursts(below, bursts)
    for axis in (above, below):
        axis.spines[["top", "right"]].set_visible(False)
        axis.grid(axis="y", alpha=0.4)
        axis.set_axisbelow(True)
    below.set_xlim(_at(period.from_ms), _at(period.to_ms))
    locator = AutoDateLocator(tz=UTC)  # type: ignore[no-untyped-call]
    below.xaxis.set_major_locator(locator)
    formatter = ConciseDateFormatter(locator, tz=UTC, show_offset=False)  # type: ignore[no-untyped-call]
    below.xaxis.set_major_formatter(formatter)
    figures = report.figures
    told = words.share_text(one.share, one.posts, figures.pair, figures.base)
    named = {"language": words.language(one.language), "about": words.about(figures.base)}
    title = words.say("picture_title_alone", **named)
    if figures.pair:
        title = words.say("picture_title", **named, too=words.too(figures.pair))
    span, step = words.span(period.from_ms, period.to_ms), words.duration(period.step_ms)
    note = f"{told}. {words.say('steps', span=span, step=step)}"
    above.set_title(title, loc="left", color=_INK, parse_math=False, pad=22)
    above.text(0, 1.04, note, transform=above.transAxes, color=_NOTE, fontsize=9, parse_math=False)
    below.set_xlabel(
        " · ".join(_origin(report, words)), loc="left", color=_NOTE, fontsize=7, parse_math=False
    )
    return figure


def _draw_share(axis: Any, one: LanguageFigures, period: Period, top: float, words: Words) -> None:
    """Draw each step's share with its interval, as wide as the step, clipped at the top."""
    told = [(step, step.share) for step in one.steps if step.share is not None]
    steps, shares = [step for step, _ in told], [share for _, share in told]
    lows, heights = [share.low for share in shares], [share.high - share.low for share in shares]
    for bar, step in zip(_bars(axis, steps, heights, period, bottom=lows, color=_SHARE), steps, strict=True):
        bar.set_alpha(0.22 if step.is_final else 0.1)
    inside = [period.inside(step.start_ms) for step in steps]
    starts, ends = [_at(start_ms) for start_ms, _ in inside], [_at(end_ms) for _, end_ms in inside]
    values = [share.value for share in shares]
    axis.hlines(values, starts, ends, color=_SHARE, linewidth=2, clip_on=False)
    axis.set_ylim(0, top)
    axis.set_ylabel(words.say("axis_share"))
    axis.yaxis.set_major_formatter(lambda share, _: words.share(share))


def _draw_posts(axis: Any, one: LanguageFigures, figures: Figures, words: Words) -> None:
    pair, period = figures.pair, figures.period
    shown = [(figures.base or "", _POSTS, words.about(figures.base))]
    shown += [(pair.name, _BOTH, words.say("picture_both", too=words.too(pair)))] if pair else []
    for tag, color, label in shown:
        heights = [step.posts.get(tag, 0) for step in one.steps]
        bars = _bars(axis, one.steps, heights, period, color=color, label=label)
        for bar, step in zip(bars, one.steps, strict=True):
            bar.set_alpha(None if step.is_final else _PALE)
    axis.set_ylabel(words.say("head_posts"))
    axis.legend(loc="upper left", fontsize=8, frameon=False, ncols=2)


def _bars(axis: Any, steps: Sequence[Step], heights: Sequence[float], period: Period, **look: Any) -> Any:
    inside = [period.inside(step.start_ms) for step in steps]
    widths = [(end_ms - start_ms) / 86_400_000 for start_ms, end_ms in inside]  # in days
    return axis.bar([_at(start_ms) for start_ms, _ in inside], heights, widths, align="edge", **look)


def _draw_bursts(axis: Any, bursts: Sequence[Burst]) -> None:
    top = axis.get_ylim()[1] * 1.25  # room for the legend and for the triangles
    axis.set_ylim(0, top)
    middles = [_at((burst.start_ms + burst.end_ms) // 2) for burst in bursts]
    axis.plot(middles, [top * 0.97] * len(bursts), linestyle="", marker="v", color=_BURST, clip_on=False)


def _origin(report: Report, words: Words) -> Iterator[str]:
    yield report.method.counts
    for versions in report.method.versions:
        yield from versions
    yield report.method.reported_by
    if report.figures.coverage.current:
        yield words.say("picture_pale")


def _at(at_ms: int) -> datetime:
    return datetime.fromtimestamp(at_ms / 1000, UTC)
