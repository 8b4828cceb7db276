"""Whether a condition of the lexicon holds in a text, or near a hit in it. Each test takes a few bisections.

Words are counted as by a reader: letters and digits without a gap, possibly with an apostrophe; a hashtag is
one; links and @names are none. The distance between neighbouring words is one. A word inside the hit is not
near it; a phrase that covers more than the hit is (`unless = '"doğru seçim"'`).
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from functools import reduce
from operator import gt, itemgetter, or_, sub
from typing import NamedTuple

from sandik.counting.tags.boundaries import word_spans
from sandik.counting.tags.query_parser import (
    All,
    Chain,
    Condition,
    Either,
    Not,
    Place,
    Short,
    Stands,
    Word,
)

#: How many occurrences are tested for covering a hit. Only floods of words have more.
_LOOK_BACK = 64
#: How many occurrences on each side of a word may be the member of a chain before it.
_LOOK_AROUND = 4

Span = tuple[int, int]
_LEAVES = itemgetter(2)  # of a word
_AWAY = itemgetter(0)


class Spot(NamedTuple):
    """An occurrence: characters `start`..`end`, made of these parts. Only a chain has several."""

    start: int
    end: int
    parts: tuple[Span, ...]


class _Spots(NamedTuple):
    """Spots sorted by start, and sorted by end."""

    by_start: Sequence[Spot]
    starts: Sequence[int]
    by_end: Sequence[Spot]
    ends: Sequence[int]
    longest: int


class Scene:
    """One text and the occurrences in it, found once, on demand."""

    def __init__(
        self, text: str, numbers: Mapping[Place, int], words: Sequence[tuple[int, int, int]]
    ) -> None:
        """Take the number of each leaf, and the words found: start, end, and their leaves as bits."""
        self._text, self._numbers, self._words = text, numbers, words
        self.present = reduce(or_, map(_LEAVES, words), 0)
        self._word_bounds: tuple[Sequence[int], Sequence[int]] | None = None
        self._spots: dict[Place, _Spots] = {}

    @property
    def characters(self) -> int:
        """Return the length of the text in characters."""
        return len(self._text)

    def spots(self, place: Place) -> Sequence[Spot]:
        """Return the occurrences of a place in this text."""
        return self._found(place).by_start

    def holds(self, condition: Condition, hit: Spot | None = None) -> bool:
        """Return whether a condition holds, near the hit if it has a NEAR."""
        if isinstance(condition, Stands):
            if condition.within is None or hit is None:
                return self._stands(condition, hit)
            nearest = self.nearest(condition.place, hit)
            return nearest is not None and nearest[0] <= condition.within
        if isinstance(condition, Not):
            return not self.holds(condition.part, hit)
        if isinstance(condition, Short):
            return self.characters <= condition.characters
        if isinstance(condition, All):
            return all(self.holds(part, hit) for part in condition.parts)
        return any(self.holds(part, hit) for part in condition.parts)

    def _stands(self, condition: Stands, hit: Spot | None) -> bool:
        found = self._found(condition.place)
        return bool(found.starts) if hit is None else self.nearest(condition.place, hit) is not None

    def nearest(self, place: Place, hit: Spot) -> tuple[int, Spot] | None:
        """Return the distance in words from the hit to the nearest occurrence, and that occurrence."""
        found = self._found(place)
        over = next((spot for spot in self._over(found, hit) if not _is_inside(spot, hit)), None)
        return self._beside(found, hit.start, hit.end) if over is None else (0, over)

    def _over(self, found: _Spots, hit: Spot) -> Iterator[Spot]:
        """Yield the spots that overlap a hit, the last one first."""
        behind = bisect_left(found.starts, hit.end)
        for number in range(behind - 1, max(-1, behind - 1 - _LOOK_BACK), -1):
            spot = found.by_start[number]
            if spot.start + found.longest <= hit.start:
                break
            if spot.end > hit.start:
                yield spot

    def shortest(self, chain: Chain) -> int:
        """Return the fewest words between the last member of a chain and the one before it."""
        before = _sorted(self.spots(chain.places[0]) if len(chain.places) == 2 else [*self._ends(chain)])
        near = (self._beside(before, spot.start, spot.end) for spot in self.spots(chain.places[-1]))
        return min((one[0] for one in near if one), default=0)

    def _beside(self, found: _Spots, start: int, end: int) -> tuple[int, Spot] | None:
        """Return the nearest spot that ends before `start` or begins after `end`, and its distance."""
        left, right = bisect_right(found.ends, start) - 1, bisect_left(found.starts, end)
        nearest = None
        if left >= 0:
            spot = found.by_end[left]
            nearest = self._word(start) - self._word(spot.end - 1), spot
        if right < len(found.starts):
            spot = found.by_start[right]
            away = self._word(spot.start) - self._word(end - 1)
            if nearest is None or away < nearest[0]:
                nearest = away, spot
        return nearest

    def _around(self, found: _Spots, start: int, end: int, within: int) -> list[tuple[int, Spot]]:
        """Return the spots within so many words on either side, the nearest first; some of each side."""
        left, right = bisect_right(found.ends, start), bisect_left(found.starts, end)
        before = [
            (self._word(start) - self._word(spot.end - 1), spot)
            for spot in reversed(found.by_end[max(0, left - _LOOK_AROUND) : left])
        ]
        after = [
            (self._word(spot.start) - self._word(end - 1), spot)
            for spot in found.by_start[right : right + _LOOK_AROUND]
        ]
        return sorted([one for one in before + after if one[0] <= within], key=_AWAY)

    def _found(self, place: Place) -> _Spots:
        found = self._spots.get(place)
        if found is None:
            if (number := self._numbers.get(place)) is not None:
                bit = 1 << number
                spots = (
                    [Spot(start, end, ((start, end),)) for start, end, leaves in self._words if leaves & bit]
                    if self.present & bit
                    else []
                )
            elif isinstance(place, Word):
                raise LookupError(f"{place} is in no rule")
            elif isinstance(place, Either):
                spots = sorted({spot for one in place.places for spot in self._found(one).by_start})
            elif all(self.may_stand(one) for one in place.places):
                spots = sorted(self._chained(place))
            else:
                spots = []
            found = self._spots[place] = _sorted(spots)
        return found

    def may_stand(self, place: Place) -> bool:
        """Return whether a place can occur at all. Cheaper than finding it."""
        if (number := self._numbers.get(place)) is not None:
            return self.present >> number & 1 > 0
        if isinstance(place, Word):
            return False
        return (any if isinstance(place, Either) else all)(self.may_stand(one) for one in place.places)

    def _chained(self, chain: Chain) -> Iterator[Spot]:
        """Yield a spot for each last member of a chain that is near enough to the member before it."""
        yield from (whole for _, whole in self._reached(chain))

    def _ends(self, chain: Chain) -> Iterator[Spot]:
        """Yield the spots of the chain without its last member."""
        shorter = Chain(chain.places[:-1], chain.within[:-1])
        yield from (spot for spot, _ in self._reached(shorter))

    def _reached(self, chain: Chain) -> list[tuple[Spot, Spot]]:
        """Return, for each last member that is near enough, its spot and the whole chain.

        A word that is a member of the chain already is no second one.
        """
        reached = [(spot, spot) for spot in self._found(chain.places[0]).by_start]
        for place, within in zip(chain.places[1:], chain.within, strict=True):
            if not reached:
                break
            whole = dict(reached)
            known = _sorted([spot for spot, _ in reached])
            reached = []
            for spot in self._found(place).by_start:
                around = self._around(known, spot.start, spot.end, within)
                before = next((whole[one] for _, one in around if not _shares(spot, whole[one])), None)
                if before is not None:
                    reached.append((spot, _together(before, spot)))
        return reached

    def _word(self, at: int) -> int:
        """Return the number of the word with the character `at`, or of the word before it."""
        return bisect_right(self._bounds()[0], at)

    def word_end(self, at: int) -> int:
        """Return the end of the word with the character `at`."""
        starts, ends = self._bounds()
        number = bisect_right(starts, at) - 1
        return max(at + 1, ends[number]) if number >= 0 else at + 1

    def _bounds(self) -> tuple[Sequence[int], Sequence[int]]:
        if self._word_bounds is None:
            spans = word_spans(self._text)
            starts, ends = zip(*spans, strict=True) if spans else ((), ())
            self._word_bounds = starts, ends
        return self._word_bounds


def _together(one: Spot, other: Spot) -> Spot:
    parts = tuple(sorted({*one.parts, *other.parts}))
    return Spot(min(one.start, other.start), max(one.end, other.end), parts)


def _is_inside(spot: Spot, hit: Spot) -> bool:
    return any(start <= spot.start and spot.end <= end for start, end in hit.parts)


def _shares(spot: Spot, whole: Spot) -> bool:
    """Return whether a spot has a letter that a part of the whole has."""
    return any(start < spot.end and spot.start < end for start, end in whole.parts)


def _sorted(spots: Sequence[Spot]) -> _Spots:
    if not spots:
        return _NOWHERE
    if len(spots) == 1:
        [(start, end, _)] = spots
        return _Spots(spots, (start,), spots, (end,), end - start)
    starts, ends, _ = zip(*spots, strict=True)
    longest, by_end = max(map(sub, ends, starts)), spots
    if any(map(gt, ends, ends[1:])):
        by_end = sorted(spots, key=itemgetter(1, 0))
        ends = tuple(spot.end for spot in by_end)
    return _Spots(spots, starts, by_end, ends, longest)


_NOWHERE = _Spots((), (), (), (), 0)
