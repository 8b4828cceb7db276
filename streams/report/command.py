"""`sandik report`: the figures of a period as one HTML file. No consumer group, and no clock in the file."""

import asyncio
import sys
from collections.abc import Callable, Iterator
from contextlib import aclosing, contextmanager
from pathlib import Path
from typing import NamedTuple

import msgspec
from rich.console import Console
from rich.progress import Progress

from streams.clock import SystemClock
from streams.dashboard.texts import Texts
from streams.errors import SandikError, UsageError
from streams.ranges import duration_ms, instant_ms
from streams.report.counted import Counted, Origin, in_range, is_topic, load_file, origin_of_topic, read_topic
from streams.report.evidence import Evidence, Place
from streams.report.figures import Figures, figures_of
from streams.report.mentions import from_file, from_replay, from_topic
from streams.report.page import page
from streams.report.period import period_of
from streams.report.report import Report, report_of
from streams.settings import Settings


class Order(NamedTuple):
    """What the command line asks for. Without `out`, only figures are printed."""

    counts: str
    out: Path | None
    from_: str | None = None
    to: str | None = None
    step: str | None = None
    mentions: Path | None = None
    examples: bool = True
    texts: bool = True
    force: bool = False


def run_report(order: Order, settings: Settings, *, json: bool) -> int:
    """Write the report; say where it is.

    Raises:
        UsageError: it cannot be written so, or there are no counts in that time.
        SandikError: Kafka or a topic is away.
    """
    _check(order, json=json)
    report = make_report(order, settings)
    if order.out is not None:
        new = order.out.with_name(f".{order.out.name}.new")
        new.write_bytes(page(report))
        new.replace(order.out)
        _tell(f"{order.out.stat().st_size:,} bytes")
    if json:
        sys.stdout.buffer.write(msgspec.json.encode(report) + b"\n")
    else:
        sys.stdout.write(f"{order.out}\n")
    return 0


def _check(order: Order, *, json: bool) -> None:
    if order.out is None:
        if not json:
            raise UsageError(
                "say where the report goes: a file that ends in .html, or --json for the figures only"
            )
        return
    if order.out.suffix not in (".html", ".htm"):
        raise UsageError(f"{order.out}: name it .html")
    if not order.out.absolute().parent.is_dir():
        raise UsageError(f"{order.out}: there is no folder {order.out.parent}")
    if order.out.exists() and not order.force:
        raise UsageError(f"{order.out} is there already: choose another name, or say --force")


def make_report(order: Order, settings: Settings) -> Report:
    """Read what the order asks for and return the report.

    Raises:
        SandikError: as `run_report`.
    """
    now_ms = SystemClock().now_ms()
    from_ms, to_ms = instant_ms(order.from_, now_ms), instant_ms(order.to, now_ms)
    if from_ms is not None and to_ms is not None and from_ms >= to_ms:
        raise UsageError(f"--from {order.from_} is not before --to {order.to}")
    step_ms = None if order.step is None else duration_ms(order.step)
    # The 30 steps before the period, which its bursts are compared with, are mostly shorter than itself.
    since_ms = None
    if from_ms is not None:
        since_ms = from_ms - max((to_ms or now_ms) - from_ms, 31 * (step_ms or 0))
    counted, origin = _counted(order, settings, since_ms, to_ms)
    cells = counted.cells
    if cells.first_ms is None or cells.last_ms is None:
        raise UsageError(f"{order.counts} has no counts in that time")
    period = period_of((from_ms, to_ms), (cells.first_ms, cells.last_ms), cells.window_size_ms, step_ms)
    figures = figures_of(cells, period)
    evidence, texts, notices = _evidence(order, settings, figures, counted, origin)
    return report_of(figures, counted, origin, evidence, texts, hides_texts=not order.texts, notices=notices)


def _counted(
    order: Order, settings: Settings, since_ms: int | None, to_ms: int | None
) -> tuple[Counted, Origin]:
    counted = Counted()
    if not is_topic(order.counts):
        counts, origin = load_file(order.counts)
        counted.add(in_range(counts, since_ms, to_ms))
        return counted, origin
    _tell("reading the counts")

    async def read() -> None:
        async with aclosing(read_topic(order.counts, settings, since_ms)) as batches:
            async for batch in batches:
                counted.add(in_range(batch, since_ms, to_ms))

    asyncio.run(read())
    return counted, origin_of_topic(order.counts, settings)


def _evidence(
    order: Order, settings: Settings, figures: Figures, counted: Counted, origin: Origin
) -> tuple[Evidence | None, dict[Place, str | None], list[str]]:
    """Return terms and posts, and what is to be said where they are not to be had."""
    if not order.examples:
        return None, {}, []
    evidence = Evidence(figures.period, figures.highlights, frozenset(counted.versions))
    try:
        texts = asyncio.run(_read_evidence(order, settings, evidence, origin))
    except SandikError as error:
        if order.mentions is not None:
            raise
        notice = f"No terms and posts: {error}."
        _tell(notice)
        return None, {}, [notice]
    notices = []
    if evidence.foreign:
        notices.append(
            f"{evidence.foreign:,} mentions are by another lexicon or detector than the counts: left out."
        )
    return evidence, texts, notices


async def _read_evidence(
    order: Order, settings: Settings, evidence: Evidence, origin: Origin
) -> dict[Place, str | None]:
    """Read the mentions; return the texts that did not come along with them."""
    if order.mentions is not None:
        _tell(f"reading {order.mentions}")
        for batch in from_file(order.mentions):
            evidence.add(batch)
    elif is_topic(order.counts):
        _tell("reading the mentions")
        async for batch in from_topic(settings, evidence.period.from_ms):
            evidence.add(batch)
    elif origin.manifest is None:
        raise UsageError("they need --mentions FILE, or the manifest of the counts, to count the posts again")
    else:
        plan = origin.manifest.plan
        _tell("counting the posts of the replay once more, for terms and examples")
        with _progress(sum(one.end - one.start for one in plan.slices)) as tell:
            async with aclosing(from_replay(plan, settings, tell)) as batches:
                async for batch in batches:
                    evidence.add(batch)
    if not (order.texts and is_topic(order.counts)):
        return {}
    texts = Texts(settings)
    try:
        return await texts.of(evidence.without_text())
    finally:
        await texts.close()


@contextmanager
def _progress(records: int) -> Iterator[Callable[[int], None]]:
    """Lend what is told how many records were read more. Shows nothing where there is no terminal."""
    with Progress(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as progress:
        task = progress.add_task("posts", total=records)
        yield lambda more: progress.advance(task, more)


def _tell(line: str) -> None:
    sys.stderr.write(f"{line}\n")
