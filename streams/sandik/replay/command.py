"""`sandik replay`: count a range again, into a file or a topic of its own, with a manifest beside it.

Exit code 0: done, or the same bytes again. 1: different bytes, or the log no longer has the posts. 2: an
invalid argument. 130: Ctrl-C; 143: SIGTERM. After these, the same command continues from its checkpoint.
"""

import asyncio
import os
import shutil
import sys
import time
from pathlib import Path
from typing import Any

import msgspec

from sandik.clock import SystemClock
from sandik.counting.labels import iso
from sandik.errors import INTERRUPTED_EXIT_CODE, UsageError
from sandik.files.atomic import check_free, new_folder
from sandik.kafka.ranges import bounds_ms
from sandik.kafka.topics import POSTS
from sandik.progress import tell
from sandik.replay import outputs
from sandik.replay.finish import finish, place_of
from sandik.replay.local_log import inputs_of, open_all, spool
from sandik.replay.manifest import Manifest, manifest_path, write
from sandik.replay.offsets import resolve
from sandik.replay.plan import Plan, Rules, outputs_of
from sandik.replay.processes import count_all
from sandik.replay.request import PLAN, Begun, Request, begun_in
from sandik.run_identity import lexicon_notice, load_job, lost_cells
from sandik.settings import Settings
from sandik.tables.writers import check_writable
from sandik_schemas.partial import Tally


def run_replay(request: Request, settings: Settings) -> int:
    """Count the range, write and report the result; return the exit code.

    Raises:
        SandikError: the range cannot be counted, or Kafka is unavailable.
    """
    began_s = time.monotonic()
    try:
        manifest = count_again(request, settings)
    except KeyboardInterrupt:
        folder = _folder(_target(request, settings))
        kept = f"What was counted is in {folder}: the same command goes on from there"
        tell(f"interrupted. {kept if folder.exists() else 'Nothing was counted yet'}")
        return INTERRUPTED_EXIT_CODE
    _report(manifest, time.monotonic() - began_s)
    sys.stdout.write(f"{_target(request, settings)}\n")
    return 0


def count_again(request: Request, settings: Settings) -> Manifest:
    """Count the range and write the result.

    Raises:
        SandikError: the range cannot be counted, or Kafka is unavailable.
    """
    if (request.out is None) == (request.topic is None):
        raise UsageError("say where the counts go: --out FILE or --topic RUN")
    if request.topic and settings.terms != "off":
        raise UsageError("top terms go to a file beside the counts: say --out FILE, or --no-terms")
    if wrong := request.spans.wrong(settings.window_size_ms):
        raise UsageError(f"{wrong}. Without them: --hopping off --session-gap off")
    target = _target(request, settings)
    if request.out:
        check_writable(target)
    files = [manifest_path(target), *(_targets(request, settings, target) if request.out else [])]
    check_free(files, replaces=request.force)
    folder = _folder(target)
    begun = _begin(request, settings, target, folder, files)
    count_all(begun.plan, settings, folder, request.processes)
    manifest = finish(begun, settings, target, folder)
    shutil.rmtree(folder)
    return manifest


def _target(request: Request, settings: Settings) -> Path:
    return Path(request.out or outputs.topic_name(settings, request.topic or ""))


def _folder(target: Path) -> Path:
    return target.with_name(f"{target.name}.replay")


def _targets(request: Request, settings: Settings, target: Path) -> list[Path]:
    written = outputs_of(request.spans, settings.terms, settings.sources)
    return [place_of(request, target, what) for what in written]


def _begin(request: Request, settings: Settings, target: Path, folder: Path, files: list[Path]) -> Begun:
    """Return the interrupted replay in the folder, or plan a new one and write the plan there."""
    job = load_job(settings)
    if notice := lexicon_notice(settings.lexicon, lost_cells(job.tagger)):
        tell(notice)
    rules = Rules.of(settings, job)
    if os.path.lexists(folder):
        begun = begun_in(folder)
        if begun.request.identity != request.identity or begun.plan.rules != rules:
            raise UsageError(
                f"{folder} holds another replay that was interrupted: finish it, or delete that folder"
            )
        tell(f"going on with the replay in {folder}")
    else:
        with new_folder(folder) as new:
            plan, not_posts = _plan(request, settings, rules, new, files)
            if request.topic:
                for one in _targets(request, settings, target):
                    asyncio.run(outputs.create_topic(settings, one.name))
            begun = Begun(request.identity, plan, not_posts)
            write(new / PLAN, begun)
    return msgspec.structs.replace(begun, request=request)


def _plan(
    request: Request, settings: Settings, rules: Rules, folder: Path, files: list[Path]
) -> tuple[Plan, int]:
    now_ms = SystemClock().now_ms()
    from_ms, to_ms = bounds_ms(request.from_, request.to, now_ms)
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
    if read := {one.name for one in inputs} & {str(file.resolve()) for file in files}:
        raise UsageError(f"{min(read)} is read, so it cannot be replaced: choose another name")
    reading = {name: value for name, value in request.reading.items() if value is not None}
    reading.setdefault("order", "time")
    slices, not_posts = spool(open_all(inputs, reading), folder, settings.partitions, reading)
    return Plan(
        **common,
        partitions=settings.partitions,
        slices=slices,
        inputs=inputs,
        reading=reading,
        ingested_at_ms=now_ms,
    ), not_posts


def _report(manifest: Manifest, seconds: float) -> None:
    tally, plan = manifest.tally, manifest.plan
    records = sum(msgspec.structs.astuple(tally))
    tell(
        f"{records:,} records in {seconds:.1f} s ({records / seconds:,.0f}/s): {_described(tally, manifest)}"
    )
    tell(f"{manifest.output.rows:,} counts; again: {manifest.again}")
    if plan.whole_from_ms is not None:
        tell(
            f"windows before {iso(plan.whole_from_ms)} may lack posts that came before the range, or that "
            "Kafka has deleted"
        )


def _described(tally: Tally, manifest: Manifest) -> str:
    parts = [f"{count:,} {name}" for name, count in msgspec.structs.asdict(tally).items() if count]
    if manifest.not_posts:
        parts.append(f"{manifest.not_posts:,} items of the files are no posts")
    return ", ".join(parts) or "nothing there"
