"""`sandik diff A B`: which cells moved, by how much, and the posts behind it.

Exit code 0: the counts are the same. 1: they differ, as with diff(1). 2: they cannot be compared.
"""

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec
from rich.console import Console
from rich.table import Table

from sandik.counting.labels import iso
from sandik.diff.compare import Moved, by_language_and_tag, moved_cells
from sandik.errors import SandikError, UsageError
from sandik.replay.manifest import Manifest
from sandik.replay.posts_again import Example, Window, find_examples
from sandik.replay.read_results import Cell, Result, load_result
from sandik.run import lexicon_notice
from sandik.settings import Settings

_RULES = (
    "lexicon_version",
    "detector_version",
    "max_disorder_ms",
    "allowed_lateness_ms",
    "max_ahead_ms",
    "dedupe",
    "reposts",
)


def run_diff(before: str, after: str, settings: Settings, *, top: int, examples: int, json: bool) -> int:
    """Print how the counts of `after` differ from those of `before`; return the exit code."""
    results = [asyncio.run(load_result(name, settings)) for name in (before, after)]
    one, other = results
    for result in results:
        if (manifest := result.manifest) and (lost := manifest.lost_cells):
            notice = lexicon_notice(manifest.plan.rules.lexicon, lost)
            sys.stderr.write(f"{result.name}: {notice}\n")
    moved = moved_cells(one.counts, other.counts)
    found: list[Example] = []
    if moved and examples:
        found = asyncio.run(_examples(one, other, moved, settings, examples))
    if json:
        sys.stdout.buffer.write(_json(one, other, moved, found))
    else:
        _print(one, other, moved, top, found)
    return 1 if moved else 0


def rules_that_differ(one: Result, other: Result) -> dict[str, tuple[object, object]]:
    """Return what the two were counted with, where it differs. Empty without both manifests."""
    if one.manifest is None or other.manifest is None:
        return {}
    was, is_now = one.manifest.plan.rules, other.manifest.plan.rules
    found = {
        name: (getattr(was, name), getattr(is_now, name))
        for name in _RULES
        if getattr(was, name) != getattr(is_now, name)
    }
    ranges = [(m.plan.topic, m.plan.slices, m.plan.inputs) for m in (one.manifest, other.manifest)]
    return found if ranges[0] == ranges[1] else {**found, "posts": ("those of A", "those of B")}


async def _examples(
    one: Result, other: Result, moved: Sequence[Moved], settings: Settings, at_most: int
) -> list[Example]:
    manifests = [_needed(one), _needed(other)]
    first, second = (manifest.plan.rules.job(settings) for manifest in manifests)
    windows = {Window(cell.window_start_ms, cell.window_end_ms) for cell, _, _ in moved}
    posts = manifests[0].plan
    try:
        return [
            example async for example in find_examples(posts, (first, second), windows, settings, at_most)
        ]
    except SandikError as error:
        sys.stderr.write(f"no examples: {error}\n")
        return []


def _needed(result: Result) -> Manifest:
    if result.manifest is None:
        raise UsageError(
            f"--examples needs the manifest of {result.name}, to know its lexicon, detector and posts: put "
            f"it beside the file, or replay the range into one ({Path(result.name).name}.manifest.json)"
        )
    return result.manifest


def _json(one: Result, other: Result, moved: Sequence[Moved], found: Sequence[Example]) -> bytes:
    cells = [
        {**_named(cell), "before": was, "after": is_now, "by": is_now - was} for cell, was, is_now in moved
    ]
    answer = {
        "before": one.name,
        "after": other.name,
        "rules": rules_that_differ(one, other),
        "moved": cells,
        "examples": found,
    }
    return msgspec.json.encode(answer) + b"\n"


def _print(one: Result, other: Result, moved: Sequence[Moved], top: int, found: Sequence[Example]) -> None:
    console = Console(highlight=False, soft_wrap=True)
    for name, (was, is_now) in rules_that_differ(one, other).items():
        console.print(f"{name}: {was} -> {is_now}", markup=False)
    cells = len(one.counts.keys() | other.counts.keys())
    console.print(f"{len(moved):,} of {cells:,} cells differ")
    if not moved:
        return
    sums = Table("language", "tag", *_numbers(), title="All windows", title_justify="left", box=None)
    for (language, tag), (before, after) in by_language_and_tag(one.counts, other.counts).items():
        if before != after:
            sums.add_row(language, tag, f"{before:,}", f"{after:,}", f"{after - before:+,}")
    console.print(sums)
    table = Table(
        "window (UTC)", "language", "tag", *_numbers(), title="Moved most", title_justify="left", box=None
    )
    for one_moved in moved[:top]:
        cell = one_moved.cell
        figures = f"{one_moved.before:,}", f"{one_moved.after:,}", f"{one_moved.by:+,}"
        language = f"{cell.source} {cell.language}" if cell.source else cell.language
        table.add_row(iso(cell.window_start_ms), language, cell.tag, *figures)
    console.print(table)
    for example in found:
        console.print(
            f"{iso(example.created_at_ms)}  {example.id}  (partition {example.source_partition}, "
            f"offset {example.source_offset})\n  {example.text}\n  A: {_line(example.before)}\n  "
            f"B: {_line(example.after)}",
            markup=False,
        )


def _named(cell: Cell) -> dict[str, object]:
    return {name: value for name, value in cell._asdict().items() if value != ""}


def _numbers() -> list[str]:
    return ["A", "B", "by"]


def _line(said: msgspec.Struct) -> str:
    values = msgspec.structs.asdict(said)
    return f"{values['language']}  {', '.join(values['tags']) or '-'}  ({', '.join(values['terms']) or '-'})"
