"""Tagged posts by source and minute, from `mentions`: for counts that do not tell sources apart. Pure."""

from collections import Counter

from sandik.counting.fold import ALL, cell_tags
from sandik.figures.cell_store import Cells, Group
from sandik.figures.rollup import Query
from sandik.figures.where import Part, Posts, parts
from sandik_schemas.mention import Mention
from sandik_schemas.pair import Pair

MINUTE_MS = 60_000
#: Producers may write any source name, so later ones are joined.
MAX_SOURCES = 32
OTHERS = "…"
_AND = "\x1f"


class BySource:
    """Counts of all languages together."""

    def __init__(self) -> None:
        self._cells = Cells(MINUTE_MS)

    def add(self, mention: Mention) -> str:
        """Count the post, and return its source. The caller drops duplicates."""
        group = Group("", mention.source)
        if group not in self._cells.totals and len(self._cells.totals) >= MAX_SOURCES:
            group = Group("", OTHERS)
        # All its tags as one key: the pairs may be known only later.
        self._cells.increase(group, _AND.join(mention.tags), mention.created_at_ms // MINUTE_MS * MINUTE_MS)
        return group.source

    def parts(self, query: Query, most: int, pairs: tuple[Pair, ...], watermark_ms: int | None) -> list[Part]:
        """Return the parts of all sources in all languages, with the watermark of the counts.

        Raises:
            UsageError: the buckets are not multiples of a minute.
        """
        self._cells.watermark_ms = watermark_ms
        groups = {group.source: [group] for group in self._cells.totals}
        return parts(self._cells, groups, query, most, lambda posts: _by_tag(posts, pairs))


def _by_tag(posts: Posts, pairs: tuple[Pair, ...]) -> Posts:
    found: Counter[str] = Counter()
    for tags, some in posts.items():
        for tag in cell_tags(tuple(tags.split(_AND)), pairs):
            found[tag] += some
    del found[ALL]  # posts without a tag are not known
    return dict(sorted(found.items()))
