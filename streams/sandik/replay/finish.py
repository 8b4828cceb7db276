"""The end of a replay: write the outputs and the manifest."""

import asyncio
import shlex
import sys
from pathlib import Path

from sandik.clock import SystemClock
from sandik.counting.labels import iso
from sandik.counting.tags import load_tagger
from sandik.files.atomic import file_sha256
from sandik.lexicon_tools.measured import measured
from sandik.progress import tell
from sandik.replay import outputs
from sandik.replay.manifest import FORM, Manifest, Output, beside, manifest_path, software, write
from sandik.replay.plan import What
from sandik.replay.request import Begun, Request
from sandik.replay.results import DerivedCounts, Digest, read_to
from sandik.run_identity import lost_cells
from sandik.settings import Settings

#: The text that reports an output besides the counts.
_TOLD: dict[What, str] = {
    "hopping": "counts of hopping",
    "sessions": "counts of sessions",
    "sources": "counts by source",
}


def finish(begun: Begun, settings: Settings, target: Path, folder: Path) -> Manifest:
    """Write the counts in the folder to their places; return the manifest, which is written last."""
    plan, tally = read_to(begun.plan, folder)
    now_ms = SystemClock().now_ms()
    written: dict[What, Output] = {}
    for part in outputs.parts(plan, folder, now_ms):
        place = place_of(begun.request, target, part.what)
        written[part.what] = _written(begun, settings, place, part)
        if told := _TOLD.get(part.what):
            left_out = part.rows.left_out if isinstance(part.rows, DerivedCounts) else 0
            tell(f"{written[part.what].rows:,} {told} in {place}{_cut(part.what, left_out)}")
    path = manifest_path(target)
    tagger = load_tagger(settings.lexicon)
    manifest = Manifest(
        form=FORM,
        output=written["counts"],
        plan=beside(plan, path.parent),
        tally=tally,
        not_posts=begun.not_posts,
        software=software(),
        made_at=iso(now_ms),
        command=shlex.join(["sandik", *sys.argv[1:]]),
        again=shlex.join(["sandik", "replay", "--manifest", path.name]),
        terms=written.get("terms"),
        sources=written.get("sources"),
        wider={kind: written[kind] for kind in plan.spans.kinds},
        lost_cells=lost_cells(tagger),
        lexicon_measured=measured(plan.rules.lexicon_version),
        pairs=tagger.pairs,
    )
    write(path, manifest)
    return manifest


def _written(begun: Begun, settings: Settings, place: Path, part: outputs.Part) -> Output:
    digest = Digest()
    if begun.request.topic:
        gap_ms = begun.plan.spans.session_gap_ms
        asyncio.run(outputs.write_topic(settings, place.name, part, digest, gap_ms))
        return Output(place.name, True, digest.rows, digest.sha256, None)
    outputs.write_file(place, part, digest, replaces=begun.request.force)
    return Output(place.name, False, digest.rows, digest.sha256, file_sha256(place))


def place_of(request: Request, target: Path, what: What) -> Path:
    """Return where an output goes: the counts to the target, the others beside it."""
    return target.with_name(outputs.output_name(target.name, what, is_topic=request.topic is not None))


def _cut(kind: str, left_out: int) -> str:
    if not left_out:
        return ""
    reach = "may reach" if kind == "sessions" else "reach"
    return f"; {left_out:,} that {reach} over the range's edge are left out"
