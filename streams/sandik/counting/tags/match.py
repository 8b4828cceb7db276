"""Find the lexicon's terms in posts: where forms stand (`finder`), then our own rules.

A hit is a term when it is a word of its own, or of a hashtag, outside links and @names (`boundaries`); when
the entry accepts the post's language; when no other hit of the same tag that starts earlier, or there and is
longer, covers it (traps included); when what the entry says with `near` and `unless` holds (`rules`); and, if
it asks for company (`beside`), when the post has a term of such a tag that counts by itself. A tag may have
to be spoken of in the opening of a post (`openings`). What a `match`
finds is a hit, too: from the first to the last of the words it is made of.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import reduce
from itertools import groupby
from operator import itemgetter, or_
from typing import NamedTuple

from sandik.counting.tags.boundaries import Refusal
from sandik.counting.tags.conditions import Scene, Spot
from sandik.counting.tags.explanation import Why
from sandik.counting.tags.finder import Finder, Form
from sandik.counting.tags.lexicon import Entry
from sandik.counting.tags.places import Places, Span
from sandik.counting.tags.ready import About, Ready
from sandik.counting.tags.valid_days import Eras
from sandik.counting.tags.weighing import Models
from sandik_schemas.mention import Term
from sandik_schemas.pair import DEFAULT_PAIR, Pair


class Hit(NamedTuple):
    """A form of an entry at `text[start:end]`."""

    start: int
    end: int
    entry: Entry


class Verdict(NamedTuple):
    """The verdict on a hit: a term if `refusal` is None. `by` is the hit that took its place, if any."""

    hit: Hit
    refusal: Refusal | None
    by: Hit | None = None
    #: The result of the entry's conditions, if it has any.
    why: str = ""


#: A hit as one number, of which a text may have a million: its start, how much shorter it is than `_SHORTER`
#: and the rank of its entry. In order, the one that takes the letters comes first.
_Row = int
#: When texts were posted, in ms UTC; None if unknown.
Times = Sequence[int | None]
_RANK_BITS, _LENGTH_BITS = 20, 40
_KIND = itemgetter(3)  # of a form
#: So many words of a model are told.
_MOST_PARTS = 12
_RANK, _SHORTER = (1 << _RANK_BITS) - 1, (1 << _LENGTH_BITS) - 1

#: A row, why it does not count, and the result of its conditions.
_Told = tuple[_Row, Refusal | None, str]


class _Decision(NamedTuple):
    """What counts in a text: tags of terms that count by themselves, and tags whose terms begin too late.

    `rows` are what takes the letters: in text order, not overlapping within a tag; traps are among them.
    """

    certain: set[str]
    below: set[str]
    rows: list[_Row]


class Tagger:
    """Finds terms. Pure: a text and a language give the same terms in any batch.

    A text may be a megabyte of terms, so the work per form is small and never involves all other forms.
    """

    #: Defaults for other kinds of taggers.
    pairs: tuple[Pair, ...] = (DEFAULT_PAIR,)
    eras = Eras(())

    def __init__(self, ready: Ready) -> None:
        self._tell(ready.about)
        rules, self._asking = ready.conditions()
        self._rules, self._leaf_numbers, self._ranks = rules.by_rank, rules.numbers, self._asking.ranks
        self._openings = {one.tag: one for one in ready.about.openings}
        self._finder = Finder(ready.cut, Places(ready.patterns, self._asking))
        self._models = Models(ready.models)

    def _tell(self, about: About) -> None:
        self.version, self.tag_names, self.pairs = about.version, about.tag_names, about.pairs
        self._entries, self._first_model = about.entries, about.first_model
        self.eras = Eras([entry.valid for entry in about.entries])

    def terms(
        self, texts: Sequence[str], languages: Sequence[str], times_ms: Times | None = None
    ) -> list[tuple[Term, ...]]:
        """Return, per text, the terms that count: in text order, not overlapping within a tag.

        `times_ms`: when each was posted. Without a time, no entry is outside its days.
        """
        found: list[tuple[Term, ...]] = [()] * len(texts)
        entries, first_model = self._entries, self._first_model
        for index, rows in self._counted(texts, languages, times_ms):
            found[index] = tuple(
                [
                    Term(entries[rank].lemma, entries[rank].tag, start, end, rank >= first_model)
                    for start, end, rank in rows
                ]
            )
        return found

    def counted(
        self, texts: Sequence[str], languages: Sequence[str], times_ms: Times | None = None
    ) -> dict[int, list[Hit]]:
        """Return the hits of the terms, by index of their text; texts without terms are left out."""
        return {
            index: [Hit(start, end, self._entries[rank]) for start, end, rank in rows]
            for index, rows in self._counted(texts, languages, times_ms)
        }

    def near(self, texts: Sequence[str]) -> set[int]:
        """Return the indices of texts with a form of an entry, whether it counts or not."""
        forms = self._finder.forms(texts, refused=False)
        return {index for index, _, _, pattern, _, _ in forms if self._ranks[pattern]}

    def _counted(
        self, texts: Sequence[str], languages: Sequence[str], times_ms: Times | None
    ) -> Iterable[tuple[int, list[Span]]]:
        """Yield the terms that count, by index of their text: start, end, rank of the entry."""
        entries = self._entries
        chosen = self._chosen(texts, languages, times_ms)
        if self._models:
            found = dict(chosen)
            for index, weighed in self._models.found(texts, languages).items():
                # A trap says more of a word than what it weighs.
                tags = {entries[rank].tag for _, _, rank in found.get(index, ())}
                # Of two languages, the first whose model holds.
                first = {entries[span[2]].tag: span for span in reversed(weighed)}
                if added := [span for tag, span in first.items() if tag not in tags]:
                    found[index] = sorted(found.get(index, []) + added)
            chosen = found.items()
        for index, rows in chosen:
            if terms := [row for row in rows if not entries[row[2]].is_trap]:
                yield index, terms

    def _chosen(
        self, texts: Sequence[str], languages: Sequence[str], times_ms: Times | None
    ) -> Iterable[tuple[int, list[Span]]]:
        """Yield the terms that count, and the traps that take letters."""
        eras = self.eras.of(times_ms) if times_ms and self.eras else None
        entries, is_trigger = self._entries, self._asking.is_trigger
        out: frozenset[int] = frozenset()
        for index, group in groupby(self._finder.forms(texts, refused=False), itemgetter(0)):
            language = languages[index]
            forms = list(group)
            if eras:
                out = self.eras.out(eras[index])
            able = [
                _row(start, end, rank)
                for _, start, end, kind, _, is_glued in forms
                for rank in self._ranks[kind]
                if rank not in out and _entry_refusal(entries[rank], language, is_glued=is_glued) is None
            ]
            if any(map(is_trigger.__getitem__, map(_KIND, forms))):
                able = self._holding(able, texts[index], language, forms, out)
            if chosen := self._decide(able, texts[index]).rows:
                yield index, [(*_span(row), row & _RANK) for row in chosen]

    def _holding(
        self, rows: list[_Row], text: str, language: str, forms: Sequence[Form], out: frozenset[int]
    ) -> list[_Row]:
        """Return the rows whose conditions hold, and the rows of `match`, without entries in `out`."""
        by_rank = self._rules
        present = reduce(or_, map(self._asking.leaves.__getitem__, map(_KIND, forms)))
        matching = [
            rank
            for rank in self._triggered(forms, language)
            if rank not in out and by_rank[rank].may_match(present)
        ]
        open_rules = [
            None if (rule := by_rank.get(row & _RANK)) is None or rule.is_true(present) else rule
            for row in rows
        ]
        if not matching and not any(open_rules):
            return rows  # as in most texts
        scene = self._scene(text, forms)
        holding = [
            row
            for row, rule in zip(rows, open_rules, strict=True)
            if rule is None or rule.holds(scene, _spot(row))
        ]
        for rank in matching:
            holding += [
                _row(spot.start, scene.word_end(spot.end - 1), rank)
                for spot in by_rank[rank].hits(scene)
                if by_rank[rank].holds(scene, spot)
            ]
        return holding

    def _scene(self, text: str, forms: Sequence[Form]) -> Scene:
        leaves = self._asking.leaves
        # In text order; forms come before the words of conditions.
        words = sorted([(start, end, leaves[kind]) for _, start, end, kind, _, _ in forms if leaves[kind]])
        return Scene(text, self._leaf_numbers, words)

    def _triggered(self, forms: Sequence[Form], language: str) -> set[int]:
        """Return the ranks of entries whose `match` may have a hit."""
        matching = self._asking.matching
        ranks = {rank for form in forms for rank in matching[form[3]]}
        return {rank for rank in ranks if self._entries[rank].accepts(language)}

    def verdicts(self, text: str, language: str, time_ms: int | None = None) -> list[Verdict]:
        """Return every form in the text, in text order, with its verdict."""
        out = self.eras.out(*self.eras.of([time_ms]))
        forms = [*self._finder.forms([text], refused=True)]
        found = [
            (
                _row(start, end, rank),
                refusal
                or (Refusal.OUT_OF_DAYS if rank in out else None)
                or _entry_refusal(self._entries[rank], language, is_glued=is_glued),
            )
            for _, start, end, kind, refusal, is_glued in forms
            for rank in self._ranks[kind]
        ]
        told, misses = self._explained(found, text, language, [form for form in forms if form[4] is None])
        decision = self._decide([row for row, refusal, _ in told if refusal is None], text)
        chosen = _Chosen(decision, map(self._hit, decision.rows))
        verdicts = [
            Verdict(self._hit(row), refusal, None, why)
            if refusal
            else chosen.verdict(self._hit(row))._replace(why=why)
            for row, refusal, why in told + misses
        ]
        tags = {row.tag for row in map(self._entry, decision.rows)}
        verdicts += self._weighed(text, language, tags)
        return sorted(verdicts, key=lambda verdict: (verdict.hit.start, -verdict.hit.end, verdict.hit.entry))

    def _weighed(self, text: str, language: str, tags: set[str]) -> Iterator[Verdict]:
        """Yield what models say of a text whose terms and traps have these tags, if much speaks for it."""
        for one in self._models.weighed(text, language):
            if one.total <= 0:
                continue
            model = one.ranked.model
            refusal = None
            if not one.holds:
                refusal = Refusal.CONDITION
            elif model.tag in tags:
                refusal = Refusal.OTHERWISE_TAGGED
            else:
                tags.add(model.tag)
            heaviest = sorted(one.parts.items(), key=lambda part: (-abs(part[1]), part[0]))[:_MOST_PARTS]
            why = " ".join(f"{stem} {weight:+}" for stem, weight in heaviest)
            more = f" and {len(one.parts) - len(heaviest)} more" if len(one.parts) > len(heaviest) else ""
            hit = Hit(one.start, one.end, self._entries[one.ranked.rank])
            yield Verdict(hit, refusal, None, f"{why}{more} = {one.total}, {model.least} needed")

    def _explained(
        self, found: list[tuple[_Row, Refusal | None]], text: str, language: str, forms: Sequence[Form]
    ) -> tuple[list[_Told], list[_Told]]:
        """Return these rows, the rows of `match`, the results of conditions, and near misses of `match`."""
        scene = self._scene(text, forms)
        why = Why(text, scene)
        told: list[_Told] = []
        for row, refusal in found:
            rule = self._rules.get(row & _RANK)
            if refusal or rule is None:
                told.append((row, refusal, ""))
                continue
            spot = _spot(row)
            refused = None if rule.holds(scene, spot) else Refusal.CONDITION
            told.append((row, refused, why.hit(rule, spot, is_match=False)))
        misses: list[_Told] = []
        for rank, rule in self._rules.items():
            if not (rule.firsts & scene.present and self._entries[rank].accepts(language)):
                continue
            spots = rule.hits(scene)
            by_row: dict[_Row, _Told] = {}  # the same hit with other words in between
            for spot in spots:
                row = _row(spot.start, scene.word_end(spot.end - 1), rank)
                refused = None if rule.holds(scene, spot) else Refusal.CONDITION
                if row not in by_row or (by_row[row][1] and refused is None):
                    by_row[row] = row, refused, why.hit(rule, spot, is_match=True)
            told += by_row.values()
            if not spots and (miss := why.miss(rule)):
                misses.append((_row(miss[0].start, miss[0].end, rank), Refusal.CONDITION, miss[1]))
        return told, misses

    def _entry(self, row: _Row) -> Entry:
        return self._entries[row & _RANK]

    def _hit(self, row: _Row) -> Hit:
        start, end = _span(row)
        return Hit(start, end, self._entries[row & _RANK])

    def _decide(self, rows: list[_Row], text: str) -> _Decision:
        """Return which rows count, and which traps overlap them."""
        rows.sort()
        entries = self._entries
        alone = [row for row in rows if not entries[row & _RANK].beside]
        chosen = self._leftmost(alone)
        certain, below = self._certain(chosen, len(text))
        if below:
            rows = [row for row in rows if entries[row & _RANK].tag not in below]
        if below or len(alone) < len(rows):
            beside = (entries[row & _RANK].beside for row in rows)
            fitting = [
                row for row, tags in zip(rows, beside, strict=True) if not tags or certain.intersection(tags)
            ]
            chosen = self._leftmost(fitting)
        return _Decision(certain, below, chosen)

    def _certain(self, rows: Sequence[_Row], characters: int) -> tuple[set[str], set[str]]:
        """Return the tags that count by themselves, and those that begin too late (`openings`)."""
        counting = [(entry.tag, row) for row in rows if not (entry := self._entries[row & _RANK]).is_trap]
        certain, down = {tag for tag, _ in counting}, set()
        for tag in certain.intersection(self._openings):
            first = next(row for one, row in counting if one == tag)
            if not self._openings[tag].holds(_span(first)[0], characters):
                down.add(tag)
        certain -= down
        below = {tag for tag in down if certain.isdisjoint(self._openings[tag].beside)}
        return certain | (down - below), below

    def _leftmost(self, rows: Iterable[_Row]) -> list[_Row]:
        """Return the leftmost, then longest hits of each tag."""
        chosen = []
        entries = self._entries
        reached: dict[str, int] = {}
        for row in rows:
            tag = entries[row & _RANK].tag
            start = row >> _LENGTH_BITS + _RANK_BITS
            if start >= reached.get(tag, 0):
                reached[tag] = start + _SHORTER - (row >> _RANK_BITS & _SHORTER)
                chosen.append(row)
        return chosen


def tags_of(terms: Sequence[Term]) -> tuple[str, ...]:
    """Return the tags of these terms, sorted, each once."""
    return tuple(sorted({term.tag for term in terms})) if terms else ()


def _row(start: int, end: int, rank: int) -> _Row:
    return (start << _LENGTH_BITS | _SHORTER - (end - start)) << _RANK_BITS | rank


def _span(row: _Row) -> tuple[int, int]:
    start = row >> _LENGTH_BITS + _RANK_BITS
    return start, start + _SHORTER - (row >> _RANK_BITS & _SHORTER)


def _spot(row: _Row) -> Spot:
    start, end = _span(row)
    return Spot(start, end, ((start, end),))


def _entry_refusal(entry: Entry, language: str, *, is_glued: bool) -> Refusal | None:
    if entry.only_in and not entry.accepts(language):
        return Refusal.OTHER_LANGUAGE
    return Refusal.UNSURE_IN_HASHTAG if is_glued and (entry.beside or entry.near) else None


class _Chosen:
    """The hits that take letters: within a tag, they do not overlap."""

    def __init__(self, decision: _Decision, hits: Iterable[Hit]) -> None:
        self._certain, self._below = decision.certain, decision.below
        self._hits: defaultdict[str, list[Hit]] = defaultdict(list)
        for hit in hits:
            self._hits[hit.entry.tag].append(hit)
        self._ends = {tag: [hit.end for hit in hits] for tag, hits in self._hits.items()}

    def verdict(self, hit: Hit) -> Verdict:
        """Return the verdict on a hit that can count."""
        if hit.entry.tag in self._below:
            return Verdict(hit, Refusal.TRAPPED if hit.entry.is_trap else Refusal.BELOW_OPENING)
        if hit.entry.beside and self._certain.isdisjoint(hit.entry.beside):
            return Verdict(hit, Refusal.ALONE)
        # The first one that ends after its start: the hit itself, or the hit that covers it.
        tag = hit.entry.tag
        by = self._hits[tag][bisect_right(self._ends[tag], hit.start)]
        if by == hit:
            return Verdict(hit, Refusal.TRAPPED if hit.entry.is_trap else None)
        return Verdict(hit, Refusal.TRAPPED if by.entry.is_trap else Refusal.COVERED, by)
