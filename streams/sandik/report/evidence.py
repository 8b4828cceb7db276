"""The evidence in mentions: terms of each language, terms and posts of each burst. Pure."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec

from sandik.counting.fold import cell_tags
from sandik.figures.examples import TopTerm
from sandik.figures.rollup import EVERY
from sandik.report.bursts import Burst
from sandik.report.period import Period
from sandik_schemas.languages import is_of
from sandik_schemas.mention import Mention, Term
from sandik_schemas.pair import DEFAULT_PAIR, Pair

#: How many of a burst's first posts are considered, and how many with different texts are shown.
_CANDIDATES = 40
SHOWN_POSTS = 4
SHOWN_TERMS = 12

Place = tuple[int, int]


class Seen(NamedTuple):
    """A mention, with the text of its post if available."""

    mention: Mention
    text: str | None = None


class ExamplePost(msgspec.Struct, frozen=True):
    """A post of a burst. Without texts, only its position, because an id leads to its author."""

    created_at_ms: int
    source_partition: int
    source_offset: int
    id: str | None
    terms: tuple[Term, ...]
    text: str | None


class BurstEvidence(msgspec.Struct, frozen=True):
    """The most frequent terms of the burst's posts, and its first posts, each text once."""

    terms: list[TopTerm]
    posts: list[ExamplePost]


class Evidence:
    """Collects mentions, in any order; duplicates count once.

    `versions`: the lexicons and detectors of the counts.
    """

    def __init__(
        self,
        period: Period,
        bursts: Sequence[Burst],
        versions: frozenset[tuple[str, str]],
        pairs: tuple[Pair, ...] = (DEFAULT_PAIR,),
    ) -> None:
        self.period = period
        self._pairs = pairs
        #: Number of mentions in the period by another lexicon or detector, which are left out.
        self.foreign = 0
        self._bursts, self._versions = bursts, versions
        self._seen: set[tuple[int, str]] = set()
        self._terms: dict[str, Counter[tuple[str, str]]] = {}
        self._burst_terms: list[Counter[tuple[str, str]]] = [Counter() for _ in bursts]
        self._burst_posts: list[list[Seen]] = [[] for _ in bursts]

    @property
    def mentions(self) -> int:
        """How many mentions of the period there were."""
        return len(self._seen)

    def add(self, mentions: Iterable[Seen]) -> None:
        """Add mentions; ignore those outside the period and duplicates."""
        for seen in mentions:
            mention = seen.mention
            known = mention.created_at_ms, mention.id
            if not self.period.from_ms <= mention.created_at_ms < self.period.to_ms or known in self._seen:
                continue
            if (mention.lexicon_version, mention.detector_version) not in self._versions:
                self.foreign += 1
                continue
            self._seen.add(known)
            terms = {(one.term, one.tag) for one in mention.terms if not one.is_sum}
            self._terms.setdefault(mention.language, Counter()).update(terms)
            for number, burst in enumerate(self._bursts):
                if _is_of(mention, burst, self._pairs):
                    self._burst_terms[number].update(terms)
                    self._keep(number, seen)

    def _keep(self, number: int, seen: Seen) -> None:
        kept = self._burst_posts[number]
        kept.append(seen)
        if len(kept) >= 4 * _CANDIDATES:
            self._burst_posts[number] = _first(kept)

    def terms(self, language: str) -> list[TopTerm]:
        """Return the most frequent terms of a language, counted once per post."""
        if language == EVERY:
            return _top(sum(self._terms.values(), Counter()))
        return _top(sum((self._terms[one] for one in self._terms if is_of(one, language)), Counter()))

    def without_text(self) -> list[Mention]:
        """Return the mentions with a missing text that is needed."""
        return [seen.mention for kept in self._burst_posts for seen in _first(kept) if seen.text is None]

    def of_bursts(self, texts: dict[Place, str | None], *, hides_texts: bool) -> list[BurstEvidence]:
        """Return the terms and posts of each burst, in their order."""
        return [
            BurstEvidence(_top(terms), _examples(_first(kept), texts, hides_texts=hides_texts))
            for terms, kept in zip(self._burst_terms, self._burst_posts, strict=True)
        ]


def _is_of(mention: Mention, burst: Burst, pairs: tuple[Pair, ...]) -> bool:
    return (
        burst.start_ms <= mention.created_at_ms < burst.end_ms
        and (burst.language == EVERY or is_of(mention.language, burst.language))
        and burst.tag in cell_tags(mention.tags, pairs)
    )


def _first(kept: Sequence[Seen]) -> list[Seen]:
    return sorted(kept, key=lambda seen: (seen.mention.created_at_ms, seen.mention.id))[:_CANDIDATES]


def _top(terms: Counter[tuple[str, str]]) -> list[TopTerm]:
    ordered = sorted(terms.items(), key=lambda item: (-item[1], item[0]))
    return [TopTerm(term, tag, posts) for (term, tag), posts in ordered[:SHOWN_TERMS]]


def _examples(
    kept: Iterable[Seen], texts: dict[Place, str | None], *, hides_texts: bool
) -> list[ExamplePost]:
    found: dict[object, ExamplePost] = {}
    for mention, text in kept:
        place = mention.source_partition, mention.source_offset
        if hides_texts:
            found[place] = ExamplePost(mention.created_at_ms, *place, None, (), None)
            continue
        shown = text if text is not None else texts.get(place)
        key = place if shown is None else shown.strip()
        found.setdefault(key, ExamplePost(mention.created_at_ms, *place, mention.id, mention.terms, shown))
    return list(found.values())[:SHOWN_POSTS]
