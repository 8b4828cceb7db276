"""The newest posts and the most frequent terms, from `mentions`. Pure."""

from bisect import insort
from collections import Counter
from collections.abc import Callable, Iterable
from typing import NamedTuple

import msgspec

from sandik.counting.fold import cell_tags
from sandik.figures.by_source import BySource
from sandik.figures.rollup import EVERY
from sandik_schemas.languages import is_of
from sandik_schemas.mention import Mention
from sandik_schemas.pair import DEFAULT_PAIR, Pair

HOUR_MS = 3_600_000
#: How many of the newest posts are kept for each language and combination of tags.
KEPT_POSTS = 200


def any_source(source: str) -> bool:  # noqa: ARG001
    """Say yes."""
    return True


class Asked(NamedTuple):
    """Which mentions are asked for. An empty set means all."""

    languages: frozenset[str]
    tags: frozenset[str]
    from_ms: int
    to_ms: int
    is_from: Callable[[str], bool] = any_source

    def wants(self, language: str) -> bool:
        """Return whether it is one of the languages, or has one of them."""
        asked = self.languages
        return not asked or EVERY in asked or any(is_of(language, one) for one in asked)


class TopTerm(msgspec.Struct, frozen=True):
    """How many posts use a term, and how many in as many hours before: None if mentions do not reach back."""

    term: str
    tag: str
    posts: int
    before: int | None = None


class Examples:
    """The newest mentions by language and tag, and the terms by hour of event time."""

    def __init__(self) -> None:
        #: Grows with every mention taken in.
        self.version = 0
        self.pairs: tuple[Pair, ...] = (DEFAULT_PAIR,)
        self._newest: dict[tuple[str, tuple[str, ...]], list[tuple[int, int, int, Mention]]] = {}
        self._terms: dict[tuple[int, str, str], Counter[tuple[str, str]]] = {}
        self.by_source = BySource()
        self._read_up_to: dict[int, int] = {}

    def clear(self) -> None:
        """Forget everything: the topic was replaced."""
        version, pairs = self.version, self.pairs
        self.__init__()  # type: ignore[misc]  # the same object, because others hold it
        self.version, self.pairs = version + 1, pairs

    def add(self, mentions: Iterable[Mention]) -> None:
        """Add mentions. Duplicates after a crash are recognised by their offsets."""
        for mention in mentions:
            partition, offset = mention.source_partition, mention.source_offset
            if offset <= self._read_up_to.get(partition, -1):
                continue
            self._read_up_to[partition] = offset
            self.version += 1
            newest = self._newest.setdefault((mention.language, mention.tags), [])
            insort(newest, (mention.created_at_ms, partition, offset, mention))
            del newest[:-KEPT_POSTS]
            source = self.by_source.add(mention)
            hour = mention.created_at_ms // HOUR_MS, mention.language, source
            terms = self._terms.setdefault(hour, Counter())
            terms.update({(one.term, one.tag) for one in mention.terms if not one.is_sum})

    def newest(self, asked: Asked, limit: int) -> list[Mention]:
        """Return the newest posts with any of the tags, newest first."""
        found = {
            (partition, offset): (created_at_ms, partition, offset, mention)
            for (language, own), mentions in self._newest.items()
            if asked.wants(language) and (not asked.tags or asked.tags & {*cell_tags(own, self.pairs)})
            for created_at_ms, partition, offset, mention in mentions
            if asked.from_ms <= created_at_ms < asked.to_ms and asked.is_from(mention.source)
        }
        return [mention for *_, mention in sorted(found.values(), reverse=True)[:limit]]

    def top_terms(self, asked: Asked, limit: int) -> list[TopTerm]:
        """Return the terms of the full hours that overlap `[from_ms, to_ms)`, the most risen ones first.

        Compared with as many hours before; if mentions do not reach back, the most frequent first.
        """
        known = [hour for hour, *_ in self._terms] or [0]
        first = max(asked.from_ms // HOUR_MS, min(known))
        end = min(-(-asked.to_ms // HOUR_MS), max(known) + 1)
        total = self._posts(asked, first, end)
        before = self._posts(asked, first - (end - first), first)
        is_known = first - (end - first) >= min(known)
        usual = before if is_known else Counter[tuple[str, str]]()
        ordered = sorted(total.items(), key=lambda item: (usual[item[0]] - item[1], -item[1], item[0]))
        return [
            TopTerm(*one, posts, before[one] if is_known else None)
            for one, posts in ordered
            if not asked.tags or one[1] in asked.tags
        ][:limit]

    def _posts(self, asked: Asked, first: int, end: int) -> Counter[tuple[str, str]]:
        """Sum the terms of the hours from `first` up to `end`, counted from 1970."""
        total: Counter[tuple[str, str]] = Counter()
        for (hour, language, source), terms in self._terms.items():
            if first <= hour < end and asked.wants(language) and asked.is_from(source):
                total.update(terms)
        return total
