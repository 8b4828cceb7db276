"""Windows of all slices -> counts, by the same Merge as the workers; and their canonical form.

The canonical form of a result has one JSON line per cell, sorted by window, language and tag, with the fields
in the order of the schema. It omits `emitted_at_ms`, the time of writing; all other fields depend only on the
posts and the rules. If a cell has several records, the highest revision counts.
"""

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from sandik.counting.labels import Labels
from sandik.counting.merge import Merge, new_merge
from sandik.counting.windows.derived_sizes import DerivedSizes
from sandik.counting.windows.panes import Kind
from sandik.errors import SandikError
from sandik.kafka.ranges import Slice
from sandik.replay.checkpoint import Checkpoint
from sandik.replay.plan import Plan, What
from sandik.run_identity import load_authors
from sandik_schemas.count import Count
from sandik_schemas.partial import Tally
from sandik_schemas.term import TermCount

#: Counts made at once.
_AT_ONCE = 100_000
NOT_CANONICAL = "emitted_at_ms"

Row = dict[str, Any]


def rows_of(what: What, plan: Plan, folder: Path, now_ms: int) -> Iterable[Count | TermCount]:
    """Return the rows of an output, in canonical order. All slices must be counted.

    Every partition counts as idle, because everything is read. So a window is final if the newest event time
    of all partitions has passed it. Terms are by window, language, tag and rank; the counts by source, by
    window, source, language and tag.
    """
    if what in ("hopping", "sessions"):
        return DerivedCounts(plan, folder, what, now_ms)
    return _merged(what, plan, folder, now_ms)


def _merged(what: What, plan: Plan, folder: Path, now_ms: int) -> Iterator[Count | TermCount]:
    merge = _merge_of(plan, folder)
    while counts := merge.emit(now_ms, _AT_ONCE):
        terms, sources = merge.take_terms(), merge.take_sources()
        rows = terms if what == "terms" else sources if what == "sources" else counts
        yield from (row for row in rows if row.is_final or not plan.finals_only)


class DerivedCounts:
    """The counts of the plan's derived windows of one kind, by start, language and tag.

    Windows that leave, or could leave, the range are left out; `left_out` is their number.
    """

    def __init__(self, plan: Plan, folder: Path, kind: Kind, now_ms: int) -> None:
        self.left_out = 0
        self._plan, self._folder, self._kind, self._now_ms = plan, folder, kind, now_ms

    def __iter__(self) -> Iterator[Count]:
        plan = self._plan
        merge = _merge_of(plan, self._folder, plan.spans.only(self._kind))
        while written := merge.emit_derived(self._now_ms, _AT_ONCE):
            for count in (one.value for one in written if one.value is not None):
                if not plan.holds(self._kind, count.window_start_ms, count.window_end_ms):
                    self.left_out += 1
                elif count.is_final or not plan.finals_only:
                    yield count


def _merge_of(plan: Plan, folder: Path, sizes: DerivedSizes | None = None) -> Merge:
    rules = plan.rules
    merge = new_merge(
        Labels(rules.run_id, rules.lexicon_version, rules.detector_version),
        rules.timing,
        len(plan.slices),
        sizes=sizes,
        has_authors=load_authors(rules.authors) is not None,
        top_terms=rules.top_terms if rules.terms != "off" else 0,
    )
    for number, one in enumerate(plan.slices):
        checkpoint = _counted(plan, folder, one)
        for partial in checkpoint.partials():
            if plan.wants(partial.window_start_ms):
                merge.apply(msgspec.structs.replace(partial, partition=number))
        merge.apply(msgspec.structs.replace(checkpoint.clock, partition=number, idle=True))
    merge.advance()
    return merge


def read_to(plan: Plan, folder: Path) -> tuple[Plan, Tally]:
    """Return the plan with the ends that were read, and the tally of the records in between."""
    tally, slices = Tally(), []
    for one in plan.slices:
        checkpoint = _counted(plan, folder, one)
        slices.append(one._replace(end=checkpoint.saved.next_offset))
        tally += checkpoint.clock.tally
    return msgspec.structs.replace(plan, slices=slices), tally


def _counted(plan: Plan, folder: Path, one: Slice) -> Checkpoint:
    checkpoint = Checkpoint(folder, plan.rules.run_id, *one)
    if not checkpoint.saved.is_done:
        raise SandikError(f"partition {one.partition} has not been counted to its end")
    return checkpoint


def canonical(count: Count | TermCount) -> Row:
    """Return the fields of a count that depend only on the posts and the rules."""
    row: Row = msgspec.to_builtins(count)  # without fields that are not counted
    del row[NOT_CANONICAL]
    return row


def line(row: Row) -> bytes:
    """Return a row of the canonical form."""
    return msgspec.json.encode(row) + b"\n"


class Digest:
    """The number of rows, and the sha256 of their canonical form."""

    def __init__(self) -> None:
        self.rows = 0
        self._sha256 = hashlib.sha256()

    def through(self, rows: Iterable[Row]) -> Iterator[Row]:
        """Yield the rows unchanged, and hash them."""
        for row in rows:
            self.rows += 1
            self._sha256.update(line(row))
            yield row

    @property
    def sha256(self) -> str:
        """The hash of the rows so far."""
        return self._sha256.hexdigest()
