"""The end of a replay: write the counts, what else was asked for, and the manifest."""

import asyncio
import shlex
import sys
from collections.abc import Iterable
from pathlib import Path

from sandik.clock import SystemClock
from sandik.counting.labels import iso
from sandik.counting.tags import load_tagger
from sandik.lexicon_tools.measured import measured
from sandik.progress import tell
from sandik.replay import outputs
from sandik.replay.manifest import FORM, Manifest, Output, beside, manifest_path, software, write
from sandik.replay.request import Begun, Request
from sandik.replay.results import DerivedCounts, Digest, merged, merged_sources, merged_terms, read_to
from sandik.run_identity import lost_cells
from sandik.settings import Settings
from sandik.tables.writers import Columns
from sandik_schemas.count import Count


def finish(begun: Begun, settings: Settings, target: Path, folder: Path) -> Manifest:
    """Write the counts in the folder to their places; return the manifest, which is written last."""
    plan, tally = read_to(begun.plan, folder)
    now_ms = SystemClock().now_ms()
    fields = outputs.columns(plan.rules)
    output = _written(begun, settings, target, fields, merged(plan, folder, now_ms))
    derived = {}
    for kind in plan.spans.kinds:
        found = DerivedCounts(plan, folder, kind)
        place = beside_target(begun.request, target, kind)
        gap_ms = plan.spans.session_gap_ms if kind == "sessions" else None
        derived[kind] = _written(begun, settings, place, outputs.columns(), found.counts(now_ms), gap_ms)
        tell(f"{derived[kind].rows:,} counts of {kind} in {place}{_cut(kind, found.left_out)}")
    terms = None
    if plan.rules.terms != "off":
        terms_file, of_terms = outputs.terms_path(target), Digest()
        found_terms = merged_terms(plan, folder, now_ms)
        outputs.write_terms(terms_file, found_terms, of_terms, replaces=begun.request.force)
        terms = Output(
            terms_file.name, False, of_terms.rows, of_terms.sha256, outputs.file_sha256(terms_file)
        )
    sources = None
    if plan.rules.sources:
        place = beside_target(begun.request, target, "sources")
        by_source = merged_sources(plan, folder, now_ms)
        sources = _written(begun, settings, place, outputs.source_columns(), by_source)
        tell(f"{sources.rows:,} counts by source in {place}")
    path = manifest_path(target)
    tagger = load_tagger(settings.lexicon)
    manifest = Manifest(
        form=FORM,
        output=output,
        plan=beside(plan, path.parent),
        tally=tally,
        not_posts=begun.not_posts,
        software=software(),
        made_at=iso(now_ms),
        command=shlex.join(["sandik", *sys.argv[1:]]),
        again=shlex.join(["sandik", "replay", "--manifest", path.name]),
        terms=terms,
        sources=sources,
        wider=derived,
        lost_cells=lost_cells(tagger),
        lexicon_measured=measured(plan.rules.lexicon_version),
        pairs=tagger.pairs,
    )
    write(path, manifest)
    return manifest


def _written(
    begun: Begun,
    settings: Settings,
    target: Path,
    fields: Columns,
    counts: Iterable[Count],
    gap_ms: int | None = None,
) -> Output:
    digest = Digest()
    if begun.request.topic:
        asyncio.run(outputs.write_topic(settings, target.name, counts, digest, gap_ms))
        return Output(target.name, True, digest.rows, digest.sha256, None)
    outputs.write_file(target, fields, counts, digest, replaces=begun.request.force)
    return Output(target.name, False, digest.rows, digest.sha256, outputs.file_sha256(target))


def beside_target(request: Request, target: Path, kind: outputs.Beside) -> Path:
    """Return where the derived windows of a kind, or sources, go, beside the counts."""
    return target.with_name(outputs.beside_name(target.name, kind, is_topic=request.topic is not None))


def _cut(kind: str, left_out: int) -> str:
    if not left_out:
        return ""
    reach = "may reach" if kind == "sessions" else "reach"
    return f"; {left_out:,} that {reach} over the range's edge are left out"
