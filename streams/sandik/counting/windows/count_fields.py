"""From a window's cells to its records in `counts`: what each field says, and which have changed."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import msgspec

from sandik.counting.fold import ALL
from sandik.counting.labels import Labels, iso
from sandik.counting.windows.packed import WindowCells
from sandik_schemas.count import SCHEMA_VERSION, Count

_encode = msgspec.msgpack.encode
_decode_revisions = msgspec.msgpack.Decoder(dict[str, int]).decode


class CellSums(NamedTuple):
    """The posts of one cell, and of all tags of its language."""

    posts: int
    late: int
    total: int
    total_late: int

    def revision(self, *, is_final: bool) -> int:
        """Return a number that grows with each post of the window and language, and again when it is final.

        It depends on the posts alone, so every replay ends with the same one.
        """
        return 2 * (self.total + self.total_late) + is_final


class Emitted:
    """The revision of each language that was emitted last, by window, in few bytes."""

    def __init__(self) -> None:
        self._revisions: dict[int, bytes] = {}

    def changed(self, start_ms: int, cells: WindowCells, *, is_final: bool) -> list[str]:
        """Return the languages whose revision has changed, in order, and note their new ones as emitted."""
        counts, late_counts = cells.counts, cells.late_counts
        known = _decode_revisions(self._revisions[start_ms]) if start_ms in self._revisions else {}
        found = []
        for language in sorted(counts.keys() | late_counts.keys()):
            sums = _sums(counts.get(language, {}), late_counts.get(language, {}), ALL)
            revision = sums.revision(is_final=is_final)
            if known.get(language) != revision:
                known[language] = revision
                found.append(language)
        if found:
            self._revisions[start_ms] = _encode(known)
        return found

    def forget(self, start_ms: int) -> None:
        """Forget a window."""
        self._revisions.pop(start_ms, None)


def counts_of(
    labels: Labels,
    span_ms: tuple[int, int],
    language: str,
    cells: WindowCells,
    now_ms: int,
    *,
    is_final: bool,
) -> Iterator[Count]:
    """Yield the counts of a window `[start, end)` and a language, in the order of their tags."""
    counts, late_counts = cells.counts.get(language, {}), cells.late_counts.get(language, {})
    for tag in sorted(counts.keys() | late_counts.keys()):
        sums = _sums(counts, late_counts, tag)
        yield new_count(labels, span_ms, (language, tag), sums, now_ms, is_final=is_final)


def _sums(counts: Mapping[str, int], late_counts: Mapping[str, int], tag: str) -> CellSums:
    return CellSums(counts.get(tag, 0), late_counts.get(tag, 0), counts.get(ALL, 0), late_counts.get(ALL, 0))


def new_count(
    labels: Labels,
    span_ms: tuple[int, int],
    cell: tuple[str, str],
    sums: CellSums,
    now_ms: int,
    *,
    is_final: bool,
) -> Count:
    """Return the count of a span `[start, end)` and a cell (language, tag)."""
    start_ms, end_ms = span_ms
    language, tag = cell
    return Count(
        schema_version=SCHEMA_VERSION,
        window_start=iso(start_ms),
        window_end=iso(end_ms),
        window_start_ms=start_ms,
        window_end_ms=end_ms,
        language=language,
        tag=tag,
        count=sums.posts,
        total=sums.total,
        share=round(sums.posts / sums.total, 6) if sums.total else 0.0,
        late_count=sums.late,
        revision=sums.revision(is_final=is_final),
        is_final=is_final,
        lexicon_version=labels.lexicon_version,
        detector_version=labels.detector_version,
        emitted_at_ms=now_ms,
    )
