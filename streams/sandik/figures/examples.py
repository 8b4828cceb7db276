"""What `mentions` adds to the counts: the newest posts, and which terms are used most. Pure."""

from bisect import insort
from collections import Counter
from collections.abc import Iterable, Iterator

import msgspec

from sandik.counting.fold import cell_tags
from sandik.figures.rollup import EVERY
from sandik_schemas.languages import is_of
from sandik_schemas.mention import Mention
from sandik_schemas.pair import DEFAULT_PAIR, Pair

HOUR_MS = 3_600_000
#: How many of the newest posts are kept for each language and combination of tags.
KEPT_POSTS = 200


class TopTerm(msgspec.Struct, frozen=True):
    """How many posts use a term, once a post."""

    term: str
    tag: str
    posts: int


class Examples:
    """The newest mentions by language and tag, and the terms by hour of event time."""

    def __init__(self) -> None:
        #: Grows with every mention taken in.
        self.version = 0
        self.pairs: tuple[Pair, ...] = (DEFAULT_PAIR,)
        self._newest: dict[tuple[str, tuple[str, ...]], list[tuple[int, int, int, Mention]]] = {}
        self._terms: dict[tuple[int, str], Counter[tuple[str, str]]] = {}
        self._read_up_to: dict[int, int] = {}

    def clear(self) -> None:
        """Forget everything: the topic is another than before."""
        version, pairs = self.version, self.pairs
        self.__init__()  # type: ignore[misc]  # the same object, because others hold it
        self.version, self.pairs = version + 1, pairs

    def add(self, mentions: Iterable[Mention]) -> None:
        """Take mentions in. One that a crash has repeated is known by its offset and left out."""
        for mention in mentions:
            partition, offset = mention.source_partition, mention.source_offset
            if offset <= self._read_up_to.get(partition, -1):
                continue
            self._read_up_to[partition] = offset
            self.version += 1
            newest = self._newest.setdefault((mention.language, mention.tags), [])
            insort(newest, (mention.created_at_ms, partition, offset, mention))
            del newest[:-KEPT_POSTS]
            hour = mention.created_at_ms // HOUR_MS, mention.language
            terms = self._terms.setdefault(hour, Counter())
            terms.update({(one.term, one.tag) for one in mention.terms})

    def newest(
        self, languages: frozenset[str], tags: frozenset[str], from_ms: int, to_ms: int, limit: int
    ) -> list[Mention]:
        """Return the newest posts with any of the tags, newest first; an empty set means all."""
        found = {
            (partition, offset): (created_at_ms, partition, offset, mention)
            for (language, own), mentions in self._newest.items()
            if _is_wanted(language, languages) and (not tags or tags & {*cell_tags(own, self.pairs)})
            for created_at_ms, partition, offset, mention in mentions
            if from_ms <= created_at_ms < to_ms
        }
        return [mention for *_, mention in sorted(found.values(), reverse=True)[:limit]]

    def top_terms(
        self, languages: frozenset[str], tags: frozenset[str], from_ms: int, to_ms: int, limit: int
    ) -> list[TopTerm]:
        """Return the terms that most posts use, in the full hours that touch `[from_ms, to_ms)`."""
        total: Counter[tuple[str, str]] = Counter()
        for terms in self._hours(languages, from_ms, to_ms):
            total.update(terms)
        ordered = sorted(total.items(), key=lambda item: (-item[1], item[0]))
        wanted = [TopTerm(term, tag, posts) for (term, tag), posts in ordered if not tags or tag in tags]
        return wanted[:limit]

    def _hours(
        self, languages: frozenset[str], from_ms: int, to_ms: int
    ) -> Iterator[Counter[tuple[str, str]]]:
        for (hour, language), terms in self._terms.items():
            if from_ms < (hour + 1) * HOUR_MS and hour * HOUR_MS < to_ms and _is_wanted(language, languages):
                yield terms


def _is_wanted(language: str, languages: frozenset[str]) -> bool:
    return not languages or EVERY in languages or any(is_of(language, one) for one in languages)
