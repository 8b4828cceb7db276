"""What hopping windows and sessions have in common: both are sums of tumbling windows, the panes. Pure."""

from collections.abc import Callable, Iterator, Mapping
from typing import Literal, NamedTuple

from sandik.counting.fold import ALL
from sandik.counting.labels import Labels, iso
from sandik_schemas.count import SCHEMA_VERSION, Count
from sandik_schemas.partial import Cells

Kind = Literal["hopping", "sessions"]

#: Start of a pane -> its counts and late counts as they are now; both empty where there is none.
Panes = Callable[[int], tuple[Cells, Cells]]


class Progress(NamedTuple):
    """How far the run is. None before the first.

    What ends at or before `watermark_ms` is final. Panes that end at or before `settled_ms` can no longer
    change.
    """

    watermark_ms: int | None
    settled_ms: int | None


class Wide(NamedTuple):
    """A record to write: a count of a wider window, or None where there is none under that key any more."""

    kind: Kind
    key: bytes
    value: Count | None


class Sums(NamedTuple):
    """The posts of one cell, and of all tags of its language."""

    posts: int
    late: int
    total: int
    total_late: int

    def revision(self, *, is_final: bool) -> int:
        """Return what grows with each post of the window and language, and once more when they become final.

        It is a function of the posts alone, so every replay ends with the same one.
        """
        return 2 * (self.total + self.total_late) + is_final


class Untold(NamedTuple):
    """The posts of a window and language, by cell, that no count has told yet."""

    language: str
    counts: Mapping[str, int]
    late_counts: Mapping[str, int]

    @property
    def cells(self) -> list[str]:
        """Return the names of the cells, in order."""
        return sorted(self.counts.keys() | self.late_counts.keys())

    def sums(self, cell: str) -> Sums:
        """Return the posts of a cell."""
        total, total_late = self.counts.get(ALL, 0), self.late_counts.get(ALL, 0)
        return Sums(self.counts.get(cell, 0), self.late_counts.get(cell, 0), total, total_late)


def untold(counts: Cells, late_counts: Cells, told: dict[str, int], *, is_final: bool) -> Iterator[Untold]:
    """Yield the languages whose revision is not that in `told`, and put it there."""
    for language in sorted(counts.keys() | late_counts.keys()):
        one = Untold(language, counts.get(language, {}), late_counts.get(language, {}))
        revision = one.sums(ALL).revision(is_final=is_final)
        if told.get(language) != revision:
            told[language] = revision
            yield one


def a_count(
    labels: Labels,
    span_ms: tuple[int, int],
    cell: tuple[str, str],
    sums: Sums,
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


def session_key(start_ms: int, gap_ms: int, language: str, tag: str) -> bytes:
    """Return the key of a session: its end moves, so it is not in it."""
    return f"{start_ms}|{gap_ms}|{language}|{tag}".encode()
