"""Posts -> counts by source, in the cells of the counts. The sources of a cell add up to the cell. Pure."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from sandik.counting.fold import ALL
from sandik.counting.labels import iso
from sandik.counting.source_names import OTHER, full_name
from sandik.replay.counted_posts import CountedPost


class SourceCell(NamedTuple):
    """The key of a count. A window begins at `window_start_ms` UTC."""

    window_start_ms: int
    source: str
    language: str
    tag: str


class BySource:
    """Counts posts, in any order, by source, or in detail by channel."""

    def __init__(self, window_size_ms: int, *, in_detail: bool = False) -> None:
        self.window_size_ms = window_size_ms
        self.in_detail = in_detail
        self._cells: Counter[SourceCell] = Counter()

    def add(self, posts: Iterable[CountedPost]) -> None:
        """Count them."""
        for one in posts:
            start_ms = one.post.created_at_ms - one.post.created_at_ms % self.window_size_ms
            language, tags = one.group
            source = full_name(one.post) if self.in_detail else one.post.source
            for tag in tags:
                self._cells[SourceCell(start_ms, source, language, tag)] += 1

    def counts(self, most: int | None = None) -> dict[SourceCell, int]:
        """Return the counts in order; with `most`, other sources are joined as OTHER."""
        named = None if most is None else {source for source, _ in self.sources()[:most]}
        capped: Counter[SourceCell] = Counter()
        for cell, count in self._cells.items():
            is_named = named is None or cell.source in named
            capped[cell if is_named else cell._replace(source=OTHER)] += count
        return dict(sorted(capped.items()))

    def sources(self) -> list[tuple[str, int]]:
        """Return the sources with their posts, the largest first."""
        posts: Counter[str] = Counter()
        for cell, count in self._cells.items():
            if cell.tag == ALL:
                posts[cell.source] += count
        return sorted(posts.items(), key=lambda one: (-one[1], one[0]))


def rows(counts: dict[SourceCell, int], window_size_ms: int) -> Iterator[dict[str, object]]:
    """Yield the counts as rows of a table. A share is of all posts of the window, source and language."""
    for cell, count in counts.items():
        total = counts[cell._replace(tag=ALL)]
        yield {
            "window_start": iso(cell.window_start_ms),
            "window_end": iso(cell.window_start_ms + window_size_ms),
            "window_start_ms": cell.window_start_ms,
            "source": cell.source,
            "language": cell.language,
            "tag": cell.tag,
            "count": count,
            "total": total,
            "share": round(count / total, 6),
        }
