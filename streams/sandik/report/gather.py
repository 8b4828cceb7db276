"""Reads the data of a report. Progress goes to stderr."""

import asyncio
from contextlib import aclosing
from pathlib import Path
from typing import NamedTuple

from sandik.errors import SandikError, UsageError
from sandik.figures.corrected import Accuracy
from sandik.kafka.post_texts import Texts
from sandik.kafka.topics import DAY_MS
from sandik.lexicon_tools.coded_sample import load_accuracy
from sandik.progress import progress, tell
from sandik.replay.read_results import counts_in, load_sources, topic_of
from sandik.report.by_source import SourceFigures, source_figures
from sandik.report.evidence import Evidence, Place
from sandik.report.mentions import from_file, from_replay, from_topic
from sandik.report.read_counts import Counted, in_range, read_topic
from sandik.report.run_origin import Origin, origin_of_file, origin_of_topic
from sandik.report.series import Figures
from sandik.report.words import Lang
from sandik.settings import Settings


class Order(NamedTuple):
    """The options. Without `out`, `png` (a folder) and `pdf`, only figures are printed."""

    counts: str
    out: Path | None
    from_: str | None = None
    to: str | None = None
    step: str | None = None
    mentions: Path | None = None
    examples: bool = True
    texts: bool = True
    force: bool = False
    png: Path | None = None
    corrected: Path | None = None
    lang: Lang = "en"
    pdf: Path | None = None


def gather_counted(
    order: Order, settings: Settings, since_ms: int | None, to_ms: int | None
) -> tuple[Counted, Origin]:
    """Return the counts of windows that overlap `[since_ms, to_ms)`, and how they were made.

    Raises:
        SandikError: the file or topic does not exist, or has no counts.
    """
    counted, topic = Counted(), topic_of(order.counts, settings)
    if topic is None:
        path = Path(order.counts)
        with progress(f"reading {path}") as bar:
            counted.add(in_range(bar.through(counts_in(path)), since_ms, to_ms))
        return counted, origin_of_file(path)
    tell("reading the counts")
    # A record has the time of its window's start. Windows of other settings are hardly longer than a day.
    from_ms = None if since_ms is None else since_ms - max(settings.window_size_ms, DAY_MS)

    async def read() -> None:
        with progress("counts") as bar:
            async with aclosing(read_topic(topic, settings, from_ms, bar)) as batches:
                async for batch in batches:
                    counted.take(batch, (since_ms, to_ms))

    asyncio.run(read())
    return counted, origin_of_topic(order.counts, settings)


def gather_accuracy(order: Order, counted: Counted) -> Accuracy | None:
    """Return the accuracy of the tags by a coded sample, if given.

    Raises:
        UsageError: the file does not exist, or is for other rules than those of the counts.
    """
    if order.corrected is None:
        return None
    accuracy = load_accuracy(order.corrected)
    accuracy.check({(one.lexicon_version, one.detector_version) for one in counted.versions})
    return accuracy


def gather_sources(order: Order, settings: Settings, figures: Figures) -> list[SourceFigures]:
    """Return the figures of the sources; empty if no source was counted.

    Raises:
        SandikError: Kafka or the topic is unavailable.
    """
    cells = asyncio.run(load_sources(order.counts, settings))
    return [] if cells is None else source_figures(cells, figures.period, figures.pair)


def gather_evidence(
    order: Order, settings: Settings, figures: Figures, counted: Counted, origin: Origin
) -> tuple[Evidence | None, dict[Place, str | None], list[str]]:
    """Return terms and posts, and notices if they are not available."""
    if not order.examples:
        return None, {}, []
    evidence = Evidence(figures.period, figures.highlights, frozenset(counted.versions), figures.pairs)
    try:
        texts = asyncio.run(_read_evidence(order, settings, evidence, origin))
    except SandikError as error:
        if order.mentions is not None:
            raise
        notice = f"Terms and posts are missing: {error}."
        tell(notice)
        return None, {}, [notice]
    notices = []
    if evidence.foreign:
        notices.append(
            f"{evidence.foreign:,} mentions of another lexicon or detector than the counts' were left out."
        )
    return evidence, texts, notices


async def _read_evidence(
    order: Order, settings: Settings, evidence: Evidence, origin: Origin
) -> dict[Place, str | None]:
    """Read the mentions; return the texts that they did not include."""
    if order.mentions is not None:
        tell(f"reading {order.mentions}")
        with progress("mentions") as bar:
            for batch in bar.through(from_file(order.mentions)):
                evidence.add(batch)
    elif topic_of(order.counts, settings):
        tell("reading the mentions")
        with progress("mentions") as bar:
            async with aclosing(from_topic(settings, evidence.period.from_ms, bar)) as batches:
                async for batch in batches:
                    evidence.add(batch)
    elif origin.manifest is None:
        raise UsageError("they need --mentions FILE, or the manifest of the counts, to count the posts again")
    else:
        plan = origin.manifest.plan
        tell("counting the posts of the replay again, for terms and examples")
        with progress("posts") as bar:
            bar.expect(sum(one.end - one.start for one in plan.slices))
            async with aclosing(from_replay(plan, settings, bar.advance)) as batches:
                async for batch in batches:
                    evidence.add(batch)
    if not (order.texts and topic_of(order.counts, settings)):
        return {}
    texts = Texts(settings)
    try:
        found = await texts.of(evidence.without_text())
        return {place: one.text if one else None for place, one in found.items()}
    finally:
        await texts.close()
