"""Find the lexicon's terms in posts: one Aho-Corasick pass over a folded batch, then our own rules.

A hit is a term when it is not inside a longer word, a link or a @name; when the entry accepts the post's
language; when no longer hit of the same tag covers it (leftmost, then longest, traps included); and, if the
entry asks for company (`beside`), when the post has a term of such a tag that counts by itself.

In a #hashtag, digits and CamelCase part words too (#14MayısSeçimleri), and a phrase may lack its spaces.
"""

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import ahocorasick_rs

from schemas.mention import Term
from streams.steps.tags.fold import FoldedBatch, fold_batch
from streams.steps.tags.lexicon import Entry, Lexicon, load_lexicon

#: Links and names are nobody's words; hashtags are several. \w leaves out accents written as characters of
#: their own, as some systems do.
_MARKUP = re.compile(r"(?:https?://|www\.)\S+|[@＠]\w+|[#＃](?P<hashtag>[\w\u0300-\u036f]+)", re.IGNORECASE)
#: Posts are folded in pieces of about this many characters, so that the arrays of a large batch
#: stay in the processor's cache (a fifth faster).
_BATCH_CHARS = 50_000


class _Hit(NamedTuple):
    start: int
    end: int
    entry: Entry


class Tagger:
    """Finds terms. Pure: the same text and language give the same terms, whatever else is in the batch."""

    def __init__(self, lexicon: Lexicon) -> None:
        self.version = lexicon.version
        self.tag_names = lexicon.tag_names
        entries: defaultdict[str, list[Entry]] = defaultdict(list)
        for entry in lexicon.entries:
            for form in entry.forms:
                entries[form].append(entry)
        unspaced: defaultdict[str, list[Entry]] = defaultdict(list)
        # Nobody runs more than three words together, and the automaton is half the size.
        for form in [form for form in entries if 1 <= form.count(" ") <= 2]:
            if (hashtag := form.replace(" ", "")) not in entries:
                unspaced[hashtag].extend(entries[form])
        self._hashtags_from = len(entries)  # patterns from here on count in hashtags only
        self._entries = [*entries.values(), *unspaced.values()]
        self._automaton = ahocorasick_rs.AhoCorasick([*entries, *unspaced])

    def terms(self, texts: Sequence[str], languages: Sequence[str]) -> list[tuple[Term, ...]]:
        """Return, per text, the terms that count: in text order, not overlapping within a tag."""
        found: list[tuple[Term, ...]] = [()] * len(texts)
        for first, piece in _pieces(texts):
            for index, hits in self._hits(piece, languages[first : first + len(piece)]).items():
                found[first + index] = tuple(
                    Term(hit.entry.lemma, hit.entry.tag, hit.start, hit.end) for hit in _counting(hits)
                )
        return found

    def _hits(self, texts: list[str], languages: Sequence[str]) -> dict[int, list[_Hit]]:
        batch = fold_batch(texts)
        folded, origin = batch.folded, batch.origin
        raw = []
        for pattern, start, end in self._automaton.find_matches_as_indexes(folded, overlapping=True):
            is_whole = not (folded[start - 1].isalnum() or folded[end].isalnum())
            if (is_whole and pattern < self._hashtags_from) or _parts_in_hashtag(batch, start, end):
                raw.append((pattern, start, end, is_whole and pattern < self._hashtags_from))
        hits: defaultdict[int, list[_Hit]] = defaultdict(list)
        if not raw:
            return hits
        markup: dict[int, _Markup] = {}
        for pattern, start, end, is_free in raw:
            index = bisect_right(batch.breaks, start) - 1
            if index not in markup:
                markup[index] = _Markup(texts[index])
            post_start = int(origin[batch.breaks[index]]) + 1
            begin = int(origin[start]) - post_start
            last = int(origin[end - 1]) - post_start
            if not markup[index].allows(begin, last, is_free=is_free):
                continue
            # Up to the next character that folds to something: accents of their own belong to their letter.
            finish = int(origin[end]) - post_start
            hits[index].extend(
                _Hit(begin, finish, entry)
                for entry in self._entries[pattern]
                if not entry.only_in or languages[index] in entry.only_in
            )
        return hits


class _Markup:
    """Where links, names and hashtags stand in one text."""

    def __init__(self, text: str) -> None:
        self._spans = [(m.start(), m.end(), m["hashtag"] is not None) for m in _MARKUP.finditer(text)]

    def allows(self, begin: int, last: int, *, is_free: bool) -> bool:
        """Say whether a hit may count: in a hashtag yes, in a link or name no, elsewhere if it is free."""
        at = bisect_right(self._spans, begin, key=lambda span: span[0]) - 1
        if at < 0 or begin >= self._spans[at][1]:
            return is_free
        _, end, is_hashtag = self._spans[at]
        return is_hashtag and (is_free or last < end)


def load_tagger(path: Path | None = None) -> Tagger:
    """Return a tagger for the lexicon in the folder `path`, or for the built-in one. Raises LexiconError."""
    return Tagger(load_lexicon(path))


def tags_of(terms: Sequence[Term]) -> tuple[str, ...]:
    """Return the tags of these terms, sorted, each once."""
    return tuple(sorted({term.tag for term in terms}))


def _counting(hits: list[_Hit]) -> list[_Hit]:
    certain = {hit.entry.tag for hit in _longest(hit for hit in hits if not hit.entry.beside)}
    return _longest(hit for hit in hits if not hit.entry.beside or certain.intersection(hit.entry.beside))


def _longest(hits: Iterable[_Hit]) -> list[_Hit]:
    """Return the leftmost, then longest hits of each tag, without the traps that took a place."""
    chosen = []
    reached: dict[str, int] = {}
    for hit in sorted(hits, key=lambda hit: (hit.start, -hit.end, not hit.entry.is_trap, hit.entry)):
        if hit.start >= reached.get(hit.entry.tag, 0):
            reached[hit.entry.tag] = hit.end
            chosen.append(hit)
    return [hit for hit in chosen if not hit.entry.is_trap]


def _parts_in_hashtag(batch: FoldedBatch, start: int, end: int) -> bool:
    """Say whether both ends of a hit are where a hashtag parts its words."""
    return _parts(batch, start) and _parts(batch, end)


def _parts(batch: FoldedBatch, at: int) -> bool:
    if not (batch.folded[at - 1].isalnum() and batch.folded[at].isalnum()):
        return True
    before, after = batch.joined[batch.origin[at - 1]], batch.joined[batch.origin[at]]
    if before.isdigit() or after.isdigit():
        return before.isdigit() != after.isdigit()
    if before.islower():
        return after.isupper()
    # The end of an acronym: YSK|Seçim.
    following = batch.joined[batch.origin[at + 1]]
    return before.isupper() and after.isupper() and following.islower()


def _pieces(texts: Sequence[str]) -> Iterator[tuple[int, list[str]]]:
    first, size = 0, 0
    for index, text in enumerate(texts):
        size += len(text)
        if size >= _BATCH_CHARS:
            yield first, list(texts[first : index + 1])
            first, size = index + 1, 0
    if first < len(texts):
        yield first, list(texts[first:])
