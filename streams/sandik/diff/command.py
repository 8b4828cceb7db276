"""`sandik diff A B`: which cells changed, by how much, and the posts behind the changes.

Exit code 0: the counts are the same. 1: they differ, as with diff(1). 2: they cannot be compared.
"""

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec
from rich.console import Console
from rich.table import Table

from sandik.counting.labels import iso
from sandik.diff.compare import Moved, by_language_and_tag, moved_cells
from sandik.diff.one_sided import Alone, Precision, alone, draw_differences, precision_alone
from sandik.diff.sample import check_design, write_differences
from sandik.errors import SandikError, UsageError
from sandik.figures.corrected import Estimate
from sandik.figures.shares import with_interval
from sandik.files.atomic import check_free
from sandik.hand_coding.agree import codes_of
from sandik.hand_coding.design import load_design
from sandik.hand_coding.draw import Draw
from sandik.progress import progress, tell
from sandik.replay.compared_posts import Example, Window
from sandik.replay.manifest import Manifest
from sandik.replay.read_results import Cell, Result, load_result
from sandik.run_identity import lexicon_notice
from sandik.settings import Settings
from sandik.tables.aligned import aligned

_RULES = (
    "lexicon_version",
    "detector_version",
    "max_disorder_ms",
    "allowed_lateness_ms",
    "max_ahead_ms",
    "dedupe",
    "reposts",
)


class DiffOrder(NamedTuple):
    """The options.

    `examples` posts that the two tag differently are shown, drawn by `seed`. With `sample`, a folder,
    `per_stratum` posts of each kind are drawn for coders; `codes` are the coded tables of the sample of
    `design`.
    """

    before: str
    after: str
    top: int = 20
    examples: int = 0
    seed: int = 1
    sample: Path | None = None
    per_stratum: int = 50
    design: Path | None = None
    codes: tuple[Path, ...] = ()


def run_diff(order: DiffOrder, settings: Settings, *, json: bool) -> int:
    """Print how the counts of `after` differ from those of `before`; return the exit code.

    Raises:
        UsageError: they cannot be compared, or a file is not of the sample.
        SandikError: Kafka or a topic is unavailable.
    """
    if (order.design is None) != (not order.codes):
        raise UsageError("--design and --codes go together: the sample, and what was coded of it")
    if order.sample:
        check_free([order.sample], replaces=False)
    results = [asyncio.run(load_result(name, settings)) for name in (order.before, order.after)]
    one, other = results
    for result in results:
        if (manifest := result.manifest) and (lost := manifest.lost_cells):
            notice = lexicon_notice(manifest.plan.rules.lexicon, lost)
            sys.stderr.write(f"{result.name}: {notice}\n")
    moved = moved_cells(one.counts, other.counts)
    draw: Draw[Example] = Draw(order.seed, max(order.examples, order.per_stratum if order.sample else 0))
    if moved and (order.examples or order.sample):
        _draw(one, other, moved, settings, draw)
    found = _Found(alone(draw.posts), _examples(draw, order.examples), _precision(order, one, other))
    if json:
        sys.stdout.buffer.write(_json(one, other, moved, found))
    else:
        _print(one, other, moved, order, found)
    if order.sample:
        drawn_by = order.seed, order.per_stratum
        write_differences(order.sample, drawn_by, (_needed(one), _needed(other)), draw)
        sys.stdout.write(f"{order.sample}\n")
    return 1 if moved else 0


class _Found(NamedTuple):
    """The posts behind the difference."""

    alone: list[Alone]
    examples: list[Example]
    precision: list[Precision]


def rules_that_differ(one: Result, other: Result) -> dict[str, tuple[object, object]]:
    """Return the rules that differ. Empty without both manifests."""
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


def _draw(
    one: Result, other: Result, moved: Sequence[Moved], settings: Settings, draw: Draw[Example]
) -> None:
    manifests = [_needed(one), _needed(other)]
    first, second = (manifest.plan.rules.job(settings) for manifest in manifests)
    windows = {Window(moved_.cell.window_start_ms, moved_.cell.window_end_ms) for moved_ in moved}
    try:
        with progress("posts") as bar:
            read = draw_differences(manifests[0].plan, (first, second), windows, settings, draw, bar.advance)
            asyncio.run(read)
    except SandikError as error:
        tell(f"no examples: {error}")


def _needed(result: Result) -> Manifest:
    if result.manifest is None:
        raise UsageError(
            f"the posts of a difference need the manifest of {result.name}, to know its lexicon, detector "
            "and posts: put it beside the file, or replay the range into one "
            f"({Path(result.name).name}.manifest.json)"
        )
    return result.manifest


def _examples(draw: Draw[Example], at_most: int) -> list[Example]:
    """Return `at_most` of the posts that differ, by time."""
    lots = sorted((draw.number(name), name, post) for _, name, post in draw.drawn())
    return sorted((post for _, _, post in lots[:at_most]), key=lambda post: (post.created_at_ms, post.id))


def _precision(order: DiffOrder, one: Result, other: Result) -> list[Precision]:
    if order.design is None:
        return []
    design = load_design(order.design)
    check_design(order.design, design, (_needed(one), _needed(other)))
    return precision_alone(design, [codes_of(path, design) for path in order.codes])


def _json(one: Result, other: Result, moved: Sequence[Moved], found: _Found) -> bytes:
    cells = [
        {**_named(cell), "before": was, "after": is_now, "by": is_now - was} for cell, was, is_now in moved
    ]
    answer = {
        "before": one.name,
        "after": other.name,
        "rules": rules_that_differ(one, other),
        "moved": cells,
        "alone": [one_._asdict() for one_ in found.alone],
        "examples": found.examples,
        "precision": found.precision,
    }
    return msgspec.json.encode(answer) + b"\n"


def _print(one: Result, other: Result, moved: Sequence[Moved], order: DiffOrder, found: _Found) -> None:
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
    for one_moved in moved[: order.top]:
        cell = one_moved.cell
        figures = f"{one_moved.before:,}", f"{one_moved.after:,}", f"{one_moved.by:+,}"
        language = f"{cell.source} {cell.language}" if cell.source else cell.language
        table.add_row(iso(cell.window_start_ms), language, cell.tag, *figures)
    console.print(table)
    if found.alone:
        told = [(one_.side, one_.tag, f"{one_.posts:,}") for one_ in found.alone]
        _print_table("Posts that only one of them tags", ("only", "tag", "posts"), told)
    if found.precision:
        rows = [
            (one_.side, one_.tag, f"{one_.posts:,}", f"{one_.coded:,}", _estimate(one_.precision))
            for one_ in found.precision
        ]
        head = "only", "tag", "posts", "coded", "about it (95 %)"
        _print_table("How right they are where only one of them tags", head, rows)
    for example in found.examples:
        console.print(
            f"{iso(example.created_at_ms)}  {example.id}  (partition {example.source_partition}, "
            f"offset {example.source_offset})\n  {example.text}\n  A: {_line(example.before)}\n  "
            f"B: {_line(example.after)}",
            markup=False,
        )


def _print_table(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    sys.stdout.writelines(f"{line}\n" for line in (title, *aligned(head, rows)))


def _estimate(found: Estimate | None) -> str:
    return "–" if found is None else with_interval(found.value, found.low, found.high)


def _named(cell: Cell) -> dict[str, object]:
    return {name: value for name, value in cell._asdict().items() if value != ""}


def _numbers() -> list[str]:
    return ["A", "B", "by"]


def _line(said: msgspec.Struct) -> str:
    values = msgspec.structs.asdict(said)
    return f"{values['language']}  {', '.join(values['tags']) or '-'}  ({', '.join(values['terms']) or '-'})"
