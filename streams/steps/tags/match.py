"""Find the lexicon's terms in posts: one Aho-Corasick pass over a folded batch, then our own rules.

A hit is a term when it is a word of its own, or of a hashtag, outside links and @names (`boundaries`); when
the entry accepts the post's language; when no other hit of the same tag that starts earlier, or there and is
longer, covers it (traps included); and, if the entry asks for company (`beside`), when the post has a term of
such a tag that counts by itself.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, groupby
from operator import itemgetter
from typing import NamedTuple

import ahocorasick_rs
import numpy as np

from schemas.mention import Term
from schemas.pair import DEFAULT_PAIR, Pair
from streams.steps.tags.boundaries import MIN_GLUED, Edge, Markup, Refusal, edges, may_have_markup
from streams.steps.tags.days import Eras
from streams.steps.tags.fold import fold_batch
from streams.steps.tags.layers import LexiconChoice
from streams.steps.tags.lexicon import Entry, Lexicon, load_lexicon

#: Posts are folded in pieces of about this many characters, so that the arrays of a large batch
#: stay in the processor's cache (a fifth faster).
_BATCH_CHARS = 50_000
#: Characters that are looked through at once: each form in them is some objects, and a long text may have a
#: million.
_LOOK_CHARS = 2 * _BATCH_CHARS


class Hit(NamedTuple):
    """A form of an entry at `text[start:end]`."""

    start: int
    end: int
    entry: Entry


class Verdict(NamedTuple):
    """What became of a hit: a term if `refusal` is None. `by` is the hit that took its place, if one did."""

    hit: Hit
    refusal: Refusal | None
    by: Hit | None = None


#: A form in a text: index of the text, start, end, pattern, why it cannot count there, and if it is glued.
_Form = tuple[int, int, int, int, Refusal | None, bool]
#: A form before links, names and hashtags are looked for: index of the text, first character, last one, end,
#: pattern, why it does not count outside hashtags (its place in `_OUTSIDE`), if it is glued, if it can count.
_Place = tuple[int, int, int, int, int, int, bool, bool]
#: A hit as one number, of which a text may have a million: its start, how much shorter it is than `_SHORTER`
#: and the rank of its entry. In order, the one that takes the letters comes first.
_Row = int
#: When texts were posted, in ms UTC, as far as that is known.
Times = Sequence[int | None]
_RANK_BITS, _LENGTH_BITS = 20, 40
_RANK, _SHORTER = (1 << _RANK_BITS) - 1, (1 << _LENGTH_BITS) - 1

_OUTSIDE = (None, Refusal.INSIDE_WORD, Refusal.NOT_IN_HASHTAG)


class Tagger:
    """Finds terms. Pure: the same text and language give the same terms, whatever else is in the batch.

    A text may be a megabyte of nothing but terms, so what is done for each of its forms is little, and never
    looks at all the others.
    """

    #: What nobody has to set who finds terms in another way.
    pairs: tuple[Pair, ...] = (DEFAULT_PAIR,)
    eras = Eras(())

    def __init__(self, lexicon: Lexicon) -> None:
        self.version = lexicon.version
        self.tag_names = lexicon.tag_names
        self.pairs = lexicon.pairs
        # A trap beats a term of the same letters.
        self._entries = sorted(lexicon.entries, key=lambda entry: (not entry.is_trap, entry))
        self.eras = Eras([entry.valid for entry in self._entries])
        ranks: defaultdict[str, list[int]] = defaultdict(list)
        for rank, entry in enumerate(self._entries):
            for form in entry.forms:
                ranks[form].append(rank)
        unspaced: defaultdict[str, list[int]] = defaultdict(list)
        # Nobody runs more than three words together, and the automaton is half the size.
        for form in [form for form in ranks if 1 <= form.count(" ") <= 2]:
            if (hashtag := form.replace(" ", "")) not in ranks:
                unspaced[hashtag].extend(ranks[form])
        self._hashtags_from = len(ranks)  # patterns from here on count in hashtags only
        self._ranks = [*ranks.values(), *unspaced.values()]
        self._longest_form = max(map(len, ranks), default=0)
        self._automaton = ahocorasick_rs.AhoCorasick([*ranks, *unspaced])

    def terms(
        self, texts: Sequence[str], languages: Sequence[str], times_ms: Times | None = None
    ) -> list[tuple[Term, ...]]:
        """Return, per text, the terms that count: in text order, not overlapping within a tag.

        `times_ms`: when each was posted; without a time nothing is out of its days.
        """
        found: list[tuple[Term, ...]] = [()] * len(texts)
        for index, rows in self._counted(texts, languages, times_ms):
            found[index] = tuple([self._term(row) for row in rows])
        return found

    def counted(
        self, texts: Sequence[str], languages: Sequence[str], times_ms: Times | None = None
    ) -> dict[int, list[Hit]]:
        """Return the hits behind the terms, by index of their text; texts without any are left out."""
        return {index: [*map(self._hit, rows)] for index, rows in self._counted(texts, languages, times_ms)}

    def _counted(
        self, texts: Sequence[str], languages: Sequence[str], times_ms: Times | None
    ) -> Iterator[tuple[int, list[_Row]]]:
        entries = self._entries
        eras = self.eras.of(times_ms) if self.eras and times_ms else None
        out: frozenset[int] = frozenset()
        for index, forms in groupby(self._forms(texts, refused=False), itemgetter(0)):
            language = languages[index]
            if eras:
                out = self.eras.out(eras[index])
            able = [
                _row(start, end, rank)
                for _, start, end, pattern, _, is_glued in forms
                for rank in self._ranks[pattern]
                if rank not in out and _entry_refusal(entries[rank], language, is_glued=is_glued) is None
            ]
            _, chosen = self._decide(able)
            if terms := [row for row in chosen if not entries[row & _RANK].is_trap]:
                yield index, terms

    def verdicts(self, text: str, language: str, time_ms: int | None = None) -> list[Verdict]:
        """Return every form of the lexicon that stands in the text, in text order, and what became of it."""
        out = self.eras.out(*self.eras.of([time_ms]))
        found = [
            (
                _row(start, end, rank),
                refusal
                or (Refusal.OUT_OF_DAYS if rank in out else None)
                or _entry_refusal(self._entries[rank], language, is_glued=is_glued),
            )
            for _, start, end, pattern, refusal, is_glued in self._forms([text], refused=True)
            for rank in self._ranks[pattern]
        ]
        certain, rows = self._decide([row for row, refusal in found if refusal is None])
        chosen = _Chosen(map(self._hit, rows))
        verdicts = [
            Verdict(self._hit(row), refusal) if refusal else chosen.verdict(self._hit(row), certain)
            for row, refusal in found
        ]
        return sorted(verdicts, key=lambda verdict: (verdict.hit.start, -verdict.hit.end, verdict.hit.entry))

    def _hit(self, row: _Row) -> Hit:
        start, end = _span(row)
        return Hit(start, end, self._entries[row & _RANK])

    def _term(self, row: _Row) -> Term:
        start, end = _span(row)
        entry = self._entries[row & _RANK]
        return Term(entry.lemma, entry.tag, start, end)

    def _forms(self, texts: Sequence[str], *, refused: bool) -> Iterator[_Form]:
        """Yield the forms that stand in the texts, text by text.

        Without `refused`, only those that can count: two in three stand inside a word.
        """
        for first, piece in _pieces(texts):
            at, markup = -1, None
            for index, begin, last, end, pattern, outside, is_glued, is_able in self._places(
                piece, refused=refused
            ):
                refusal = _OUTSIDE[outside] if is_able else Refusal.INSIDE_WORD
                if is_able:
                    if index != at:
                        at = index
                        markup = Markup(piece[index]) if may_have_markup(piece[index]) else None
                    if markup:
                        refusal = markup.refusal(begin, last, refusal, is_glued=is_glued)
                if refusal is None or refused:
                    yield first + index, begin, end, pattern, refusal, is_glued

    def _places(self, texts: list[str], *, refused: bool) -> Iterator[_Place]:
        """Yield where forms stand, and what parts them from what is around, for many of them at once."""
        batch = fold_batch(texts)
        starts = batch.origin.take(batch.breaks) + 1
        for first in range(0, len(batch.folded), _LOOK_CHARS):
            piece = batch.folded[first : first + _LOOK_CHARS + self._longest_form]
            matches = self._automaton.find_matches_as_indexes(piece, overlapping=True)
            found = np.fromiter(chain.from_iterable(matches), np.intp).reshape(-1, 3)
            patterns, firsts, ends = found[found[:, 1] < _LOOK_CHARS].T  # the next piece has the others, too
            firsts, ends = firsts + first, ends + first
            # `afters`: up to the next character that folds to something, since accents of their own belong to
            # their letter.
            befores, begins, lasts, afters = (
                batch.origin.take(places) for places in (firsts - 1, firsts, ends - 1, ends)
            )
            left, right = edges(batch, firsts, befores, begins), edges(batch, ends, lasts, afters)
            is_word = (left == Edge.WORD) & (right == Edge.WORD)
            is_glued = (left == Edge.NONE) | (right == Edge.NONE)
            has_end = (left == Edge.WORD) | (right == Edge.WORD)
            is_able = ~is_glued | has_end & (ends - firsts >= MIN_GLUED)
            outside = np.where(is_word, 2 * (patterns >= self._hashtags_from), 1)
            indices = np.searchsorted(batch.breaks, firsts) - 1
            begins, lasts, afters = (places - starts.take(indices) for places in (begins, lasts, afters))
            columns = indices, begins, lasts, afters, patterns, outside, is_glued, is_able
            told = np.arange(len(firsts)) if refused else np.flatnonzero(is_able)
            yield from zip(*(column.take(told).tolist() for column in columns), strict=True)

    def _decide(self, rows: list[_Row]) -> tuple[set[str], list[_Row]]:
        """Return the tags of the terms that count by themselves, and the rows that take their letters.

        These are in text order, and do not overlap within a tag; traps are among them.
        """
        rows.sort()
        entries = self._entries
        alone = [row for row in rows if not entries[row & _RANK].beside]
        chosen = self._longest(alone)
        certain = {entry.tag for row in chosen if not (entry := entries[row & _RANK]).is_trap}
        if len(alone) < len(rows):
            beside = (entries[row & _RANK].beside for row in rows)
            fitting = [
                row for row, tags in zip(rows, beside, strict=True) if not tags or certain.intersection(tags)
            ]
            chosen = self._longest(fitting)
        return certain, chosen

    def _longest(self, rows: Iterable[_Row]) -> list[_Row]:
        """Return the leftmost, then longest hits of each tag."""
        chosen = []
        reached: dict[str, int] = {}
        for row in rows:
            start, end = _span(row)
            tag = self._entries[row & _RANK].tag
            if start >= reached.get(tag, 0):
                reached[tag] = end
                chosen.append(row)
        return chosen


def load_tagger(lexicon: LexiconChoice = None) -> Tagger:
    """Return a tagger for the lexicon of these layers, or for the built-in one. Raises LexiconError."""
    return Tagger(load_lexicon(lexicon))


def tags_of(terms: Sequence[Term]) -> tuple[str, ...]:
    """Return the tags of these terms, sorted, each once."""
    return tuple(sorted({term.tag for term in terms})) if terms else ()


def _row(start: int, end: int, rank: int) -> _Row:
    return (start << _LENGTH_BITS | _SHORTER - (end - start)) << _RANK_BITS | rank


def _span(row: _Row) -> tuple[int, int]:
    start = row >> _LENGTH_BITS + _RANK_BITS
    return start, start + _SHORTER - (row >> _RANK_BITS & _SHORTER)


def _entry_refusal(entry: Entry, language: str, *, is_glued: bool) -> Refusal | None:
    if entry.only_in and language not in entry.only_in:
        return Refusal.OTHER_LANGUAGE
    return Refusal.UNSURE_IN_HASHTAG if is_glued and entry.beside else None


class _Chosen:
    """The hits that take their letters: within a tag, none overlaps another."""

    def __init__(self, hits: Iterable[Hit]) -> None:
        self._hits: defaultdict[str, list[Hit]] = defaultdict(list)
        for hit in hits:
            self._hits[hit.entry.tag].append(hit)
        self._ends = {tag: [hit.end for hit in hits] for tag, hits in self._hits.items()}

    def verdict(self, hit: Hit, certain: set[str]) -> Verdict:
        """Say what becomes of a hit that can count. `certain`: tags of the terms that count by themselves."""
        if hit.entry.beside and not certain.intersection(hit.entry.beside):
            return Verdict(hit, Refusal.ALONE)
        # The first that ends behind its start: the hit itself, or else what covers it.
        tag = hit.entry.tag
        by = self._hits[tag][bisect_right(self._ends[tag], hit.start)]
        if by == hit:
            return Verdict(hit, Refusal.TRAPPED if hit.entry.is_trap else None)
        return Verdict(hit, Refusal.TRAPPED if by.entry.is_trap else Refusal.COVERED, by)


def _pieces(texts: Sequence[str]) -> Iterator[tuple[int, list[str]]]:
    first, size = 0, 0
    for index, text in enumerate(texts):
        size += len(text)
        if size >= _BATCH_CHARS:
            yield first, list(texts[first : index + 1])
            first, size = index + 1, 0
    if first < len(texts):
        yield first, list(texts[first:])
