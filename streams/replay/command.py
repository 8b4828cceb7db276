"""`sandik replay`: count a range again, into a file or a topic of its own, with a manifest beside it.

Exit code 0: done, or the same bytes again. 1: other bytes, or the log no longer holds the posts. 2: the
command was called with something it cannot use. 130: Ctrl-C; the same command goes on from its checkpoint.
"""

import asyncio
import shlex
import shutil
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from schemas.count import Count
from schemas.partial import Tally
from streams.clock import SystemClock
from streams.errors import UsageError
from streams.export.tables import Columns, check_writable
from streams.ranges import duration_ms, instant_ms
from streams.replay import outputs
from streams.replay.crew import count_all
from streams.replay.manifest import FORM, Manifest, Output, beside, manifest_path, software, write
from streams.replay.plan import By, Plan, Rules
from streams.replay.resolve import resolve
from streams.replay.results import Digest, WiderCounts, kinds, merged, merged_terms, read_to
from streams.replay.spool import inputs_of, open_all, spool
from streams.run import load_job
from streams.settings import Settings
from streams.steps.labels import iso
from streams.steps.spans import Kind
from streams.steps.wider import Spans
from streams.topics import POSTS

INTERRUPTED = 130


class Request(msgspec.Struct, frozen=True):
    """What the command line asks for. `out` is a path, `topic` the RUN of `counts.RUN`: one of them."""

    out: str | None
    topic: str | None
    files: tuple[str, ...] = ()
    reading: dict[str, str | None] = {}
    from_: str | None = None
    to: str | None = None
    by: By = "event"
    finals_only: bool = False
    spans: Spans = Spans()
    processes: int | None = None
    force: bool = False


class Begun(msgspec.Struct, frozen=True):
    """A replay that is under way: in `plan.json` of its folder."""

    request: Request
    plan: Plan
    not_posts: int


def with_rules(
    settings: Settings,
    lexicon: Path | None,
    detector: str | None,
    window: str | None,
    authors: bool | None = None,
    terms: bool | None = None,
) -> Settings:
    """Return the settings with the rules of the command line."""
    update: dict[str, Any] = {}
    if lexicon is not None:
        update["lexicon"] = lexicon
    if detector is not None:
        update["detector"] = detector
    if window is not None:
        update["window_size_ms"] = duration_ms(window)
    if authors is not None:
        update["authors"] = "sketch" if authors else "off"
    if terms is not None:
        update["terms"] = "count" if terms else "off"
    return settings.model_copy(update=update)


def spans_of(hopping: str | None, session_gap: str | None) -> Spans:
    """Return the wider windows of the command line: `1h/5m`, and a duration."""
    size, slash, advance = (hopping or "").partition("/")
    if hopping and not slash:
        raise UsageError(f"--hopping {hopping}: write size and advance, such as 1h/5m")
    return Spans(
        duration_ms(size) if hopping else 0,
        duration_ms(advance) if hopping else 0,
        duration_ms(session_gap) if session_gap else 0,
    )


def run_replay(request: Request, settings: Settings) -> int:
    """Count the range and write the result; return the exit code.

    Raises:
        SandikError: what is asked for cannot be counted, or Kafka is away.
    """
    if (request.out is None) == (request.topic is None):
        raise UsageError("say where the counts go: --out FILE or --topic RUN")
    if request.topic and settings.terms != "off":
        raise UsageError("top terms go to a file beside the counts: say --out FILE, or --no-terms")
    if wrong := request.spans.wrong(settings.window_size_ms):
        raise UsageError(wrong)
    target = Path(request.out or outputs.topic_name(settings, request.topic or ""))
    if request.out:
        check_writable(target)
    folder = target.with_name(f"{target.name}.replay")
    began_s = time.monotonic()
    try:
        begun = _begin(request, settings, target, folder)
        count_all(begun.plan, settings, folder, request.processes)
        manifest = _finish(begun, settings, target, folder)
    except KeyboardInterrupt:
        _tell(f"interrupted. What was counted is in {folder}: the same command goes on from there")
        return INTERRUPTED
    shutil.rmtree(folder)
    _report(manifest, time.monotonic() - began_s)
    sys.stdout.write(f"{target}\n")
    return 0


def _begin(request: Request, settings: Settings, target: Path, folder: Path) -> Begun:
    """Return what the folder says is under way, or plan it and say so there."""
    job = load_job(settings)
    rules = Rules.of(settings, job)
    plan_file = folder / "plan.json"
    if plan_file.exists():
        begun = msgspec.json.decode(plan_file.read_bytes(), type=Begun)
        same = msgspec.structs.replace(request, processes=None, force=False)
        if begun.request != same or begun.plan.rules != rules:
            raise UsageError(
                f"{folder} holds another replay that was interrupted: finish it, or delete that folder"
            )
        _tell(f"going on with the replay in {folder}")
        return begun
    targets = [target, *(_wider_target(request, target, kind) for kind in kinds(request.spans))]
    made = [*targets, *([outputs.terms_path(target)] if rules.terms != "off" else [])]
    if there := [str(one) for one in made if one.exists() and not request.force]:
        raise UsageError(f"{', '.join(there)} is there already: choose another name, or say --force")
    shutil.rmtree(folder, ignore_errors=True)  # one that was not even planned
    folder.mkdir()
    try:
        plan, not_posts = _plan(request, settings, rules, folder)
        if request.topic:
            for one in targets:
                asyncio.run(outputs.create_topic(settings, one.name))
    except BaseException:
        shutil.rmtree(folder)
        raise
    begun = Begun(msgspec.structs.replace(request, processes=None, force=False), plan, not_posts)
    write(plan_file, begun)
    return begun


def _plan(request: Request, settings: Settings, rules: Rules, folder: Path) -> tuple[Plan, int]:
    now_ms = SystemClock().now_ms()
    from_ms, to_ms = instant_ms(request.from_, now_ms), instant_ms(request.to, now_ms)
    if from_ms is not None and to_ms is not None and from_ms >= to_ms:
        raise UsageError(f"--from {request.from_} is not before --to {request.to}")
    common: dict[str, Any] = {
        "rules": rules,
        "by": request.by,
        "from_ms": from_ms,
        "to_ms": to_ms,
        "finals_only": request.finals_only,
        "spans": request.spans,
    }
    if not request.files:
        slices, whole_ms = asyncio.run(resolve(settings, request.by, from_ms, to_ms))
        return Plan(
            **common,
            partitions=len(slices),
            slices=slices,
            topic=settings.topic(POSTS),
            broker=settings.broker,
            whole_from_ms=whole_ms,
        ), 0
    if request.by == "record":
        raise UsageError("posts in files have no record time: leave out --by record")
    inputs = inputs_of(request.files)
    reading = {name: value for name, value in request.reading.items() if value is not None}
    slices, not_posts = spool(open_all(inputs, reading), folder, settings.partitions)
    return Plan(
        **common,
        partitions=settings.partitions,
        slices=slices,
        inputs=inputs,
        reading=reading,
        ingested_at_ms=now_ms,
    ), not_posts


def _finish(begun: Begun, settings: Settings, target: Path, folder: Path) -> Manifest:
    plan, tally = read_to(begun.plan, folder)
    now_ms = SystemClock().now_ms()
    fields = outputs.columns(plan.rules)
    output = _write(begun, settings, target, fields, merged(plan, folder, now_ms))
    wider = {}
    for kind in kinds(plan.spans):
        found = WiderCounts(plan, folder, kind)
        place = _wider_target(begun.request, target, kind)
        gap_ms = plan.spans.session_gap_ms if kind == "sessions" else None
        wider[kind] = _write(begun, settings, place, outputs.columns(), found.counts(now_ms), gap_ms)
        _tell(f"{wider[kind].rows:,} counts of {kind} in {place}{_cut(kind, found.left_out)}")
    terms = None
    if plan.rules.terms != "off":
        terms_file, of_terms = outputs.terms_path(target), Digest()
        outputs.write_terms(terms_file, merged_terms(plan, folder, now_ms), of_terms)
        terms = Output(
            terms_file.name, False, of_terms.rows, of_terms.sha256, outputs.file_sha256(terms_file)
        )
    path = manifest_path(target)
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
        wider=wider,
    )
    write(path, manifest)
    return manifest


def _write(
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
    outputs.write_file(target, fields, counts, digest)
    return Output(target.name, False, digest.rows, digest.sha256, outputs.file_sha256(target))


def _wider_target(request: Request, target: Path, kind: Kind) -> Path:
    return target.with_name(outputs.wider_name(target.name, kind, is_topic=request.topic is not None))


def _cut(kind: Kind, left_out: int) -> str:
    if not left_out:
        return ""
    reach = "may reach" if kind == "sessions" else "reach"
    return f"; {left_out:,} that {reach} over the range's edge are left out"


def _report(manifest: Manifest, seconds: float) -> None:
    tally, plan = manifest.tally, manifest.plan
    records = sum(msgspec.structs.astuple(tally))
    _tell(
        f"{records:,} records in {seconds:.1f} s ({records / seconds:,.0f}/s): {_described(tally, manifest)}"
    )
    _tell(f"{manifest.output.rows:,} counts; again: {manifest.again}")
    if plan.whole_from_ms is not None:
        _tell(
            f"windows before {iso(plan.whole_from_ms)} may lack posts that came before the range, or that "
            "Kafka has deleted"
        )


def _described(tally: Tally, manifest: Manifest) -> str:
    parts = [f"{count:,} {name}" for name, count in msgspec.structs.asdict(tally).items() if count]
    if manifest.not_posts:
        parts.append(f"{manifest.not_posts:,} items of the files are no posts")
    return ", ".join(parts) or "nothing there"


def _tell(line: str) -> None:
    sys.stderr.write(f"{line}\n")
