"""Find the lexicon's terms in posts: one Aho-Corasick pass over a folded batch, then our own rules.

A hit is a term when it is a word of its own, or of a hashtag, outside links and @names (`boundaries`); when
the entry accepts the post's language; when no other hit of the same tag that starts earlier, or there and is
longer, covers it (traps included); and, if the entry asks for company (`beside`), when the post has a term of
such a tag that counts by itself.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import ahocorasick_rs
import numpy as np

from schemas.mention import Term
from streams.steps.tags.boundaries import MIN_GLUED, Edge, Markup, Refusal, edge
from streams.steps.tags.fold import fold_batch
from streams.steps.tags.lexicon import Entry, Lexicon, load_lexicon

#: Posts are folded in pieces of about this many characters, so that the arrays of a large batch
#: stay in the processor's cache (a fifth faster).
_BATCH_CHARS = 50_000


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
        for index, hits in self.counted(texts, languages).items():
            found[index] = tuple(Term(hit.entry.lemma, hit.entry.tag, hit.start, hit.end) for hit in hits)
        return found

    def counted(self, texts: Sequence[str], languages: Sequence[str]) -> dict[int, list[Hit]]:
        """Return the hits behind the terms, by index of their text; texts without any are left out."""
        able: defaultdict[int, list[Hit]] = defaultdict(list)
        for index, hit, refusal in self._hits(texts, languages, refused=False):
            if refusal is None:
                able[index].append(hit)
        return {index: terms for index, hits in able.items() if (terms := _decide(hits).terms)}

    def verdicts(self, text: str, language: str) -> list[Verdict]:
        """Return every form of the lexicon that stands in the text, in text order, and what became of it."""
        found = [(hit, refusal) for _, hit, refusal in self._hits([text], [language], refused=True)]
        decision = _decide([hit for hit, refusal in found if refusal is None])
        verdicts = [
            decision.verdict(hit) if refusal is None else Verdict(hit, refusal) for hit, refusal in found
        ]
        return sorted(verdicts, key=lambda verdict: (verdict.hit.start, -verdict.hit.end, verdict.hit.entry))

    def _hits(
        self, texts: Sequence[str], languages: Sequence[str], *, refused: bool
    ) -> Iterator[tuple[int, Hit, Refusal | None]]:
        for first, piece in _pieces(texts):
            for index, start, end, pattern, refusal, is_glued in self._forms(piece, refused=refused):
                language = languages[first + index]
                for entry in self._entries[pattern]:
                    why = refusal or _entry_refusal(entry, language, is_glued=is_glued)
                    yield first + index, Hit(start, end, entry), why

    def _forms(
        self, texts: list[str], *, refused: bool
    ) -> Iterator[tuple[int, int, int, int, Refusal | None, bool]]:
        """Yield index of the text, start, end, pattern, why it cannot count there, and if it is glued.

        Without `refused`, only those that can count: two in three stand inside a word.
        """
        batch = fold_batch(texts)
        matches = self._automaton.find_matches_as_indexes(batch.folded, overlapping=True)
        if not matches:
            return
        _, firsts, ends = np.array(matches, np.intp).T
        indices = (np.searchsorted(batch.breaks, firsts) - 1).tolist()
        # `afters`: up to the next character that folds to something, since accents of their own belong to
        # their letter.
        befores, begins, lasts, afters = (
            batch.origin[at].tolist() for at in (firsts - 1, firsts, ends - 1, ends)
        )
        text_starts = (batch.origin[batch.breaks] + 1).tolist()
        folded, text = batch.folded, batch.joined
        markup: dict[int, Markup] = {}
        places = zip(matches, indices, befores, begins, lasts, afters, strict=True)
        for (pattern, first, end), index, before, begin, last, after in places:
            left = right = Edge.WORD
            if folded[first - 1].isalnum() and folded[first].isalnum():
                left = edge(text, before, begin)
            if folded[end - 1].isalnum() and folded[end].isalnum():
                right = edge(text, last, after)
            outside = None
            if left < Edge.WORD or right < Edge.WORD:
                outside = Refusal.INSIDE_WORD
            elif pattern >= self._hashtags_from:
                outside = Refusal.NOT_IN_HASHTAG
            is_glued = Edge.NONE in (left, right)
            refusal: Refusal | None = Refusal.INSIDE_WORD
            start = text_starts[index]
            if not is_glued or (end - first >= MIN_GLUED and Edge.WORD in (left, right)):
                if index not in markup:
                    markup[index] = Markup(texts[index])
                refusal = markup[index].refusal(begin - start, last - start, outside, is_glued=is_glued)
            if refusal is None or refused:
                yield index, begin - start, after - start, pattern, refusal, is_glued


def load_tagger(path: Path | None = None) -> Tagger:
    """Return a tagger for the lexicon in the folder `path`, or for the built-in one. Raises LexiconError."""
    return Tagger(load_lexicon(path))


def tags_of(terms: Sequence[Term]) -> tuple[str, ...]:
    """Return the tags of these terms, sorted, each once."""
    return tuple(sorted({term.tag for term in terms})) if terms else ()


def _entry_refusal(entry: Entry, language: str, *, is_glued: bool) -> Refusal | None:
    if entry.only_in and language not in entry.only_in:
        return Refusal.OTHER_LANGUAGE
    return Refusal.UNSURE_IN_HASHTAG if is_glued and entry.beside else None


class _Decision(NamedTuple):
    certain: set[str]  # tags of the terms that count by themselves
    chosen: list[Hit]  # in text order, not overlapping within a tag; traps among them

    @property
    def terms(self) -> list[Hit]:
        return [hit for hit in self.chosen if not hit.entry.is_trap]

    def verdict(self, hit: Hit) -> Verdict:
        if hit in self.chosen:
            return Verdict(hit, Refusal.TRAPPED if hit.entry.is_trap else None)
        if hit.entry.beside and not self.certain.intersection(hit.entry.beside):
            return Verdict(hit, Refusal.ALONE)
        by = next(
            other
            for other in self.chosen
            if other.entry.tag == hit.entry.tag and other.start < hit.end and hit.start < other.end
        )
        return Verdict(hit, Refusal.TRAPPED if by.entry.is_trap else Refusal.COVERED, by)


def _decide(hits: list[Hit]) -> _Decision:
    alone = _longest(hit for hit in hits if not hit.entry.beside)
    certain = {hit.entry.tag for hit in alone if not hit.entry.is_trap}
    fitting = (hit for hit in hits if not hit.entry.beside or certain.intersection(hit.entry.beside))
    return _Decision(certain, _longest(fitting))


def _longest(hits: Iterable[Hit]) -> list[Hit]:
    """Return the leftmost, then longest hits of each tag. A trap beats a term of the same letters."""
    chosen = []
    reached: dict[str, int] = {}
    for hit in sorted(hits, key=lambda hit: (hit.start, -hit.end, not hit.entry.is_trap, hit.entry)):
        if hit.start >= reached.get(hit.entry.tag, 0):
            reached[hit.entry.tag] = hit.end
            chosen.append(hit)
    return chosen


def _pieces(texts: Sequence[str]) -> Iterator[tuple[int, list[str]]]:
    first, size = 0, 0
    for index, text in enumerate(texts):
        size += len(text)
        if size >= _BATCH_CHARS:
            yield first, list(texts[first : index + 1])
            first, size = index + 1, 0
    if first < len(texts):
        yield first, list(texts[first:])
