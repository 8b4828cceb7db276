"""Explains a condition in a text: which part held, which did not, and the distances."""

import re
from collections.abc import Iterator

from sandik.counting.tags.conditions import Scene, Spot
from sandik.counting.tags.query_parser import Chain, Condition, Not, Place, Short, Stands
from sandik.counting.tags.rules import Rule

_MAX_QUOTED = 40


class Why:
    """Explains the rules of entries in one text."""

    def __init__(self, text: str, scene: Scene) -> None:
        self._text, self._scene = text, scene
        self._misses: dict[Place, str] = {}

    def hit(self, rule: Rule, hit: Spot, *, is_match: bool) -> str:
        """Return why the entry counts at a hit, or not."""
        said = [f"match: {self._parts(hit)}"] if is_match else []
        if rule.near is not None:
            holds = self._scene.holds(rule.near, hit)
            said.append(f"near {'holds' if holds else 'does not hold'}: {self._said(rule.near, hit, holds)}")
        if rule.unless is not None:
            holds = self._scene.holds(rule.unless, hit)
            said.append(
                f"unless {'holds' if holds else 'does not hold'}: {self._said(rule.unless, hit, holds)}"
            )
        return "; ".join(said)

    def miss(self, rule: Rule) -> tuple[Spot, str] | None:
        """Return how near a `match` without a result came, and where its first member is."""
        for place, besides, _ in rule.found:
            first = place
            while isinstance(first, Chain):
                first = first.places[0]
            if spots := self._scene.spots(place):
                failed = next(one for one in besides if not self._scene.holds(one))
                return spots[0], f"match does not hold: {self._said(failed, None, False)}"
            # A first member alone is not worth an explanation.
            is_worth_telling = isinstance(place, Chain) and sum(map(self._scene.may_stand, place.places)) > 1
            if is_worth_telling and (spots := self._scene.spots(first)):
                return spots[0], f"match does not hold: {self._missing(place)}"
        return None

    def _said(self, condition: Condition, hit: Spot | None, wanted: bool) -> str:
        """Return why a condition is true or false, as `wanted`: the parts that decide it."""
        return "; ".join(dict.fromkeys(self._leaves(condition, hit, wanted)))

    def _leaves(self, condition: Condition, hit: Spot | None, wanted: bool) -> Iterator[str]:
        if isinstance(condition, Stands):
            yield self._leaf(condition, hit)
        elif isinstance(condition, Short):
            yield f"the post has {self._scene.characters} characters, {condition.characters} allowed"
        elif isinstance(condition, Not):
            yield from self._leaves(condition.part, hit, not wanted)
        else:
            for part in condition.parts:
                if self._scene.holds(part, hit) == wanted:
                    yield from self._leaves(part, hit, wanted)

    def _leaf(self, condition: Stands, hit: Spot | None) -> str:
        place, allowed = condition.place, condition.within
        if hit is None:
            spots = self._scene.spots(place)
            nearest = (0, spots[0]) if spots else None
        else:
            nearest = self._scene.nearest(place, hit)
        if nearest is None:
            return self._missing(place)
        away, spot = nearest
        words = f"stands {away} word{'s' * (away != 1)} away" if hit else "stands there"
        more = f", {allowed} allowed" if allowed is not None and away > allowed else ""
        return f"{_name(place)} ({self._quoted(spot)}) {words}{more}"

    def _missing(self, chain: Place) -> str:
        if not isinstance(chain, Chain):
            return f"{_name(chain)} is not in the post"
        if chain not in self._misses:
            self._misses[chain] = self._miss(chain)
        return self._misses[chain]

    def _miss(self, chain: Chain) -> str:
        """Return the first member of a chain that is not near enough, and its distance."""
        for count in range(2, len(chain.places) + 1):
            upto = Chain(chain.places[:count], chain.within[: count - 1])
            if self._scene.spots(upto):
                continue
            name, before = _name(chain.places[count - 1]), _name(chain.places[count - 2])
            anywhere = Chain(upto.places, (*upto.within[:-1], 10**9))
            if not self._scene.spots(chain.places[count - 1]) or not self._scene.spots(anywhere):
                return f"{name} is not in the post"
            away = self._scene.shortest(anywhere)
            return f"{name} stands {away} words away from {before}, {chain.within[count - 2]} allowed"
        return "its members are too far apart"

    def _parts(self, hit: Spot) -> str:
        return ", ".join(self._quoted(Spot(start, end, ())) for start, end in hit.parts)

    def _quoted(self, spot: Spot) -> str:
        end = self._scene.word_end(spot.end - 1)
        text = " ".join(self._text[spot.start : min(end, spot.start + _MAX_QUOTED + 1)].split())
        return f"'{text[:_MAX_QUOTED]}…'" if len(text) > _MAX_QUOTED else f"'{text}'"


def _name(place: Place) -> str:
    """Return a place as written: {medium}, without the resolved language."""
    text = re.sub(r"\{\w+:", "{", str(place)).removeprefix("(").removesuffix(")")
    return text if len(text) <= 2 * _MAX_QUOTED else f"{text[: 2 * _MAX_QUOTED]}…"
