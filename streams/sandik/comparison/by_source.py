"""Posts -> counts by source, in the cells of the counts. The sources of a cell add up to the cell. Pure."""

from collections import Counter
from collections.abc import Iterable, Iterator

from sandik.counting.fold import ALL
from sandik.counting.labels import iso
from sandik.counting.source_names import OTHER, full_name
from sandik.replay.counted_posts import CountedPost
from sandik.replay.read_results import Cell


class BySource:
    """Counts posts, in any order, by source, or in detail by channel."""

    def __init__(self, window_size_ms: int, *, in_detail: bool = False) -> None:
        self.window_size_ms = window_size_ms
        self.in_detail = in_detail
        self._cells: Counter[Cell] = Counter()

    def add(self, posts: Iterable[CountedPost]) -> None:
        """Count them."""
        for one in posts:
            start_ms = one.post.created_at_ms - one.post.created_at_ms % self.window_size_ms
            language, tags = one.group
            source = full_name(one.post) if self.in_detail else one.post.source
            for tag in tags:
                self._cells[Cell(start_ms, start_ms + self.window_size_ms, language, tag, source)] += 1

    def counts(self, most: int | None = None) -> dict[Cell, int]:
        """Return the counts, those of a source together; with `most`, other sources are joined as OTHER."""
        named = None if most is None else {source for source, _ in self.sources()[:most]}
        capped: Counter[Cell] = Counter()
        for cell, count in self._cells.items():
            is_named = named is None or cell.source in named
            capped[cell if is_named else cell._replace(source=OTHER)] += count
        return dict(sorted(capped.items(), key=lambda one: (one[0].window_start_ms, one[0].source, one[0])))

    def sources(self) -> list[tuple[str, int]]:
        """Return the sources with their posts, the largest first."""
        posts: Counter[str] = Counter()
        for cell, count in self._cells.items():
            if cell.tag == ALL:
                posts[cell.source] += count
        return sorted(posts.items(), key=lambda one: (-one[1], one[0]))


def rows(counts: dict[Cell, int]) -> Iterator[dict[str, object]]:
    """Yield the counts as rows of a table. A share is of all posts of the window, source and language."""
    for cell, count in counts.items():
        total = counts[cell._replace(tag=ALL)]
        yield {
            "window_start": iso(cell.window_start_ms),
            "window_end": iso(cell.window_end_ms),
            "window_start_ms": cell.window_start_ms,
            "source": cell.source,
            "language": cell.language,
            "tag": cell.tag,
            "count": count,
            "total": total,
            "share": round(count / total, 6),
        }
