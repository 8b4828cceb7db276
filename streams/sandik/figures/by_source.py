"""Tagged posts by source and minute, from `mentions`: `counts` does not tell sources apart. Pure."""

from collections.abc import Iterable

import msgspec

from sandik.counting.fold import ALL, cell_tags
from sandik.figures.cell_store import Cells
from sandik.figures.rollup import EVERY, Query, Share, rows
from sandik_schemas.mention import Mention
from sandik_schemas.pair import Pair

MINUTE_MS = 60_000
#: Who fills `posts` may write any source: those that come later are taken together.
MAX_SOURCES = 32
OTHERS = "…"


class SourceRow(msgspec.Struct, frozen=True):
    """One bucket and source: posts by tag, those without a tag left out, and the share of the pair."""

    start_ms: int
    end_ms: int
    source: str
    posts: dict[str, int]
    share: Share | None


class BySource:
    """Cells of sources in place of languages."""

    def __init__(self) -> None:
        self._cells = Cells(MINUTE_MS)

    def add(self, mention: Mention, pairs: tuple[Pair, ...]) -> None:
        """Count the post; whoever calls leaves out what comes again."""
        # A cell of several languages has a plus sign between.
        source = mention.source.replace("+", " ")
        if source not in self._cells.totals and len(self._cells.totals) >= MAX_SOURCES:
            source = OTHERS
        start_ms = mention.created_at_ms // MINUTE_MS * MINUTE_MS
        for tag in cell_tags(mention.tags, pairs):
            if tag != ALL:
                self._cells.increase(source, tag, start_ms)

    def rows(self, query: Query) -> Iterable[SourceRow]:
        """Return the rows of all sources, of all languages.

        Raises:
            UsageError: there are too many, or minutes do not add up to such buckets.
        """
        wanted = query._replace(languages=frozenset(), among=frozenset(), span_ms=None)
        for row in rows(self._cells, wanted):
            if row.language != EVERY:
                yield SourceRow(row.start_ms, row.end_ms, row.language, row.current, row.share)
