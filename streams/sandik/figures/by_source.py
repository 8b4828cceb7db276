"""Tagged posts by source and minute, from `mentions`: `counts` does not tell sources apart. Pure."""

from collections import Counter
from collections.abc import Iterable

import msgspec

from sandik.counting.fold import ALL, cell_tags
from sandik.figures.cell_store import Cells
from sandik.figures.rollup import EVERY, Query, Share, rows, share
from sandik_schemas.mention import Mention
from sandik_schemas.pair import Pair

MINUTE_MS = 60_000
#: Who fills `posts` may write any source: those that come later are taken together.
MAX_SOURCES = 32
OTHERS = "…"
_AND = "\x1f"


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

    def add(self, mention: Mention) -> None:
        """Count the post; whoever calls leaves out what comes again."""
        # A cell of several languages has a plus sign between.
        source = mention.source.replace("+", " ")
        if source not in self._cells.totals and len(self._cells.totals) >= MAX_SOURCES:
            source = OTHERS
        # All of its tags as one: which pairs there are may be known only later.
        self._cells.increase(source, _AND.join(mention.tags), mention.created_at_ms // MINUTE_MS * MINUTE_MS)

    def rows(self, query: Query, pairs: tuple[Pair, ...]) -> Iterable[SourceRow]:
        """Return the rows of all sources, of all languages.

        Raises:
            UsageError: there are too many, or minutes do not add up to such buckets.
        """
        wanted = query._replace(languages=frozenset(), tags=frozenset(), among=frozenset(), span_ms=None)
        for row in rows(self._cells, wanted):
            if row.language != EVERY:
                posts = _by_tag(row.current, pairs)
                shown = {tag: some for tag, some in posts.items() if not query.tags or tag in query.tags}
                yield SourceRow(row.start_ms, row.end_ms, row.language, shown, share(posts, query.pair))


def _by_tag(posts: dict[str, int], pairs: tuple[Pair, ...]) -> dict[str, int]:
    found: Counter[str] = Counter()
    for tags, some in posts.items():
        for tag in cell_tags(tuple(tags.split(_AND)), pairs):
            found[tag] += some
    del found[ALL]  # posts without a tag are not known
    return dict(sorted(found.items()))
