"""The contents of a report as data, as printed by `--json`."""

from collections.abc import Sequence
from typing import Any

import msgspec

from sandik import __version__
from sandik.counting.fold import ALL
from sandik.figures.corrected import Accuracy, Estimate
from sandik.figures.examples import TopTerm
from sandik.lexicon_tools.measured import OneMeasured, measured
from sandik.report.by_source import SourceFigures
from sandik.report.evidence import BurstEvidence, Evidence, Place
from sandik.report.read_counts import Counted, Versions
from sandik.report.run_origin import Origin
from sandik.report.series import Figures
from sandik.report.words import ENGLISH, Words
from sandik_schemas.partial import Tally

SCHEMA_VERSION = 1


class Method(msgspec.Struct, frozen=True):
    """How the counts were made. Unknown values are None; `rules` has all that counts depend on, by name.

    `measured`: precision and recall by lexicon version; empty if not measured. `posts`: the posts that a
    replay read, as topic and offsets by partition, or as files and hashes.
    """

    counts: str
    run_id: str | None
    versions: list[Versions]
    measured: dict[str, tuple[OneMeasured, ...]]
    window_size_ms: int
    rules: dict[str, Any] | None
    posts: dict[str, Any] | None
    counts_sha256: str | None
    counted_by: dict[str, str] | None
    again: str | None
    reported_by: str


class Corrected(msgspec.Struct, frozen=True):
    """The shares of a language, corrected by a coded sample; None if the sample has no data.

    `share` is that of the pair in its base; `base_share` that of the base in all posts.
    """

    share: Estimate | None
    base_share: Estimate | None


class Report(msgspec.Struct, frozen=True):
    """`terms` are by language; `evidence` has an entry for each burst of the figures, or for the peak.

    Both are empty if no mentions were read; `mentions` is None then. `tally` is of all records that the run
    has read, in any period. `corrected` is by language, if a coded sample was given. `sources` are empty if
    no source was counted.
    """

    schema_version: int
    figures: Figures
    terms: dict[str, list[TopTerm]]
    evidence: list[BurstEvidence]
    mentions: int | None
    texts: bool
    tally: Tally | None
    method: Method
    notices: list[str]
    corrected: dict[str, Corrected] | None = None
    sources: list[SourceFigures] = []


def report_of(
    figures: Figures,
    counted: Counted,
    origin: Origin,
    evidence: Evidence | None,
    texts: dict[Place, str | None],
    *,
    hides_texts: bool,
    notices: list[str],
    accuracy: Accuracy | None = None,
    sources: Sequence[SourceFigures] = (),
    words: Words = ENGLISH,
) -> Report:
    """Return the report. `accuracy` must be for the rules of the counts."""
    return Report(
        schema_version=SCHEMA_VERSION,
        figures=figures,
        terms={one.language: evidence.terms(one.language) for one in figures.languages} if evidence else {},
        evidence=evidence.of_bursts(texts, hides_texts=hides_texts) if evidence else [],
        mentions=evidence.mentions if evidence else None,
        texts=not hides_texts,
        tally=origin.tally,
        method=_method(figures, counted, origin),
        notices=[*_notices(figures, counted, words), *origin.notices, *notices],
        corrected=_corrected(figures, accuracy) if accuracy else None,
        sources=list(sources),
    )


def _corrected(figures: Figures, accuracy: Accuracy) -> dict[str, Corrected]:
    pair, found = figures.pair, {}
    for one in figures.languages:
        sample, total = accuracy.of(one.language), one.posts.get(ALL, 0)
        base_share = sample.share(pair.base, one.posts.get(pair.base, 0), total) if pair else None
        found[one.language] = Corrected(sample.share_of(pair, one.posts) if pair else None, base_share)
    return found


def _method(figures: Figures, counted: Counted, origin: Origin) -> Method:
    manifest = origin.manifest
    rules = posts = None
    if origin.rules is not None:
        rules = msgspec.structs.asdict(origin.rules)
        rules.pop("lexicon")  # a local folder; its version identifies its contents
    if manifest is not None:
        plan = manifest.plan
        posts = {
            "topic": plan.topic,
            "offsets": {str(one.partition): [one.start, one.end] for one in plan.slices},
            "files": {one.name.rsplit("/", 1)[-1]: one.sha256 for one in plan.inputs},
        }
    return Method(
        counts=origin.name,
        run_id=origin.run_id,
        versions=counted.versions,
        measured={one.lexicon_version: _measured(one.lexicon_version, origin) for one in counted.versions},
        window_size_ms=figures.window_size_ms,
        rules=rules,
        posts=posts,
        counts_sha256=manifest.output.rows_sha256 if manifest else None,
        counted_by=dict(manifest.software) if manifest else None,
        again=manifest.again if manifest else None,
        reported_by=f"sandik {__version__}",
    )


def _measured(lexicon_version: str, origin: Origin) -> tuple[OneMeasured, ...]:
    """Return the measurements in the manifest, else those of this sandik, whose lexicon may be newer."""
    manifest = origin.manifest
    if manifest is not None and manifest.plan.rules.lexicon_version == lexicon_version:
        return manifest.lexicon_measured
    return measured(lexicon_version)


def _notices(figures: Figures, counted: Counted, words: Words) -> list[str]:
    found = []
    if len(counted.versions) > 1:
        found.append(words.say("notice_mixed"))
    if counted.other_window_sizes_ms:
        sizes = ", ".join(map(words.duration, counted.other_window_sizes_ms))
        found.append(words.say("notice_sizes", sizes=sizes))
    if figures.coverage.current:
        found.append(words.say("notice_current", n=words.number(figures.coverage.current)))
    return found
