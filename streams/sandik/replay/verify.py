"""`sandik replay --manifest FILE`: repeat a replay and compare.

A manifest and the files beside it may come from other people. So counting always starts from the beginning in
a new folder, and no file is replaced: a file is only written if it is missing.
"""

import asyncio
import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from sandik.clock import SystemClock
from sandik.errors import INTERRUPTED_EXIT_CODE, SandikError, StateError
from sandik.files.atomic import file_sha256, place
from sandik.progress import tell
from sandik.replay import outputs
from sandik.replay.local_log import check_inputs, open_all, spool
from sandik.replay.manifest import Manifest, Output, load, software
from sandik.replay.offsets import check_held
from sandik.replay.plan import Plan
from sandik.replay.processes import count_all
from sandik.replay.results import Digest, canonical
from sandik.run_identity import lexicon_notice
from sandik.settings import Settings


def run_verify(path: Path, settings: Settings, processes: int | None) -> int:
    """Count by the manifest; return 0 if the bytes are the same, else 1. Reports the result on stderr.

    A missing output is written. An existing file is never replaced.

    Raises:
        UsageError: the manifest does not exist or cannot be used, or lexicon or detector have changed.
        StateError: the log no longer has the posts, or a file has changed.
        TopicError: the topic does not exist, or has fewer partitions.
    """
    manifest = load(path)
    if notice := lexicon_notice(manifest.plan.rules.lexicon, manifest.lost_cells):
        tell(notice)
    try:
        with TemporaryDirectory(prefix=".verify-", dir=path.parent) as name:
            return 0 if _verify(manifest, path, Path(name), settings, processes) else 1
    except KeyboardInterrupt:
        tell("interrupted: nothing was kept. Run the same command to count from the beginning")
        return INTERRUPTED_EXIT_CODE
    except OSError as error:
        raise SandikError(f"counting again in {path.parent} failed: {error}") from error


def _verify(manifest: Manifest, path: Path, folder: Path, settings: Settings, processes: int | None) -> bool:
    plan = manifest.plan
    _begin(plan, settings, folder)
    count_all(plan, settings, folder, processes)
    now_ms = SystemClock().now_ms()
    again = _Again(manifest, path, folder)
    written = manifest.outputs
    are_same = [again.is_same(written[part.what], part) for part in outputs.parts(plan, folder, now_ms)]
    return all(are_same)


class _Again(NamedTuple):
    """Writes an output again, and compares it with the original."""

    manifest: Manifest
    path: Path
    folder: Path

    def is_same(self, was: Output, part: outputs.Part) -> bool:
        digest, found = Digest(), None
        if was.is_topic:
            for _ in digest.through(map(canonical, part.rows)):
                pass
        else:
            found = self.folder / was.name
            outputs.write_file(found, part, digest)
        again, wanted = digest.sha256, was.rows_sha256
        if found is not None:
            again, wanted = file_sha256(found), was.sha256 or ""
        if again != wanted:
            tell(f"differs: {was.name} was {was.rows} rows, and is {digest.rows} rows now")
            if digest.sha256 == was.rows_sha256:
                tell("the rows are the same: only the encoding of the file differs")
            _tell_software(self.manifest)
            return False
        output = self.path.with_name(was.name)
        if found is not None and not os.path.lexists(output):
            place(found, output, replaces=False)
            tell(f"same: {output} was missing, and was written again with the same bytes")
        elif found is not None and not (output.is_file() and file_sha256(output) == was.sha256):
            tell(f"differs: {output} has changed; counting again gave the original bytes")
            return False
        else:
            tell(f"same: {digest.rows} rows, sha256 {wanted}")
        return True


def _begin(plan: Plan, settings: Settings, folder: Path) -> None:
    if plan.topic is not None:
        asyncio.run(check_held(settings, plan.topic, plan.slices))
    check_inputs(plan.inputs)
    if plan.inputs:
        slices, _ = spool(open_all(plan.inputs, plan.reading), folder, plan.partitions, plan.reading)
        for was, now in zip(plan.slices, slices, strict=True):
            if was.end > now.end:
                raise StateError(
                    f"partition {was.partition} had {was.end} posts and has {now.end} now, from the same "
                    "files: this version of sandik reads them differently"
                )


def _tell_software(manifest: Manifest) -> None:
    now = software()
    for name in sorted(manifest.software.keys() | now.keys()):
        was, is_now = manifest.software.get(name, "none"), now.get(name, "none")
        if was != is_now:
            tell(f"{name} was {was} and is {is_now} now")
