"""What a condition found in a text, for people: which part held, which did not, and how near it came."""

from collections.abc import Iterator

from streams.steps.tags.conditions import Scene, Spot
from streams.steps.tags.query import Chain, Condition, Either, Not, Place, Stands
from streams.steps.tags.rules import Rule

_MAX_QUOTED = 40


class Why:
    """Explains the rules of entries in one text."""

    def __init__(self, text: str, scene: Scene) -> None:
        self._text, self._scene = text, scene
        self._misses: dict[Place, str] = {}

    def hit(self, rule: Rule, hit: Spot, *, is_match: bool) -> str:
        """Say what made the entry count at a hit, or kept it from counting."""
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
        """Say how near a `match` that found nothing came, and where its first member stands."""
        for place, besides in rule.found:
            first = place
            while isinstance(first, Chain):
                first = first.places[0]
            if spots := self._scene.spots(place):
                failed = next(one for one in besides if not self._scene.holds(one))
                return spots[0], f"match does not hold: {self._said(failed, None, False)}"
            if isinstance(place, Chain) and (spots := self._scene.spots(first)):
                return spots[0], f"match does not hold: {self._missing(place)}"
        return None

    def _said(self, condition: Condition, hit: Spot | None, wanted: bool) -> str:
        """Say why a condition is true, or false, as is `wanted`: the parts of it that make it so."""
        return "; ".join(dict.fromkeys(self._leaves(condition, hit, wanted)))

    def _leaves(self, condition: Condition, hit: Spot | None, wanted: bool) -> Iterator[str]:
        if isinstance(condition, Stands):
            yield self._leaf(condition, hit)
        elif isinstance(condition, Not):
            yield from self._leaves(condition.part, hit, not wanted)
        else:
            for part in condition.parts:
                if self._scene.holds(part, hit) == wanted:
                    yield from self._leaves(part, hit, wanted)

    def _leaf(self, condition: Stands, hit: Spot | None) -> str:
        places = condition.place.places if isinstance(condition.place, Either) else (condition.place,)
        said = []
        for place in places:
            if hit is None:
                spots = self._scene.spots(place)
                nearest = (0, spots[0]) if spots else None
            else:
                nearest = self._scene.nearest(place, hit)
            if nearest is None:
                missing = (
                    self._missing(place) if isinstance(place, Chain) else f"{_name(place)} is not in the post"
                )
                said.append((1_000_000, missing))
                continue
            away, spot = nearest
            words = f"stands {away} word{'s' * (away != 1)} away" if hit else "stands there"
            allowed = condition.within
            more = f", {allowed} allowed" if allowed is not None and away > allowed else ""
            said.append((away, f"{_name(place)} ({self._quoted(spot)}) {words}{more}"))
        nearest_first = sorted(said, key=lambda one: one[0])
        is_held = self._scene.holds(condition, hit)
        return nearest_first[0][1] if is_held else ", ".join(text for _, text in nearest_first)

    def _missing(self, chain: Chain) -> str:
        if chain not in self._misses:
            self._misses[chain] = self._miss(chain)
        return self._misses[chain]

    def _miss(self, chain: Chain) -> str:
        """Say which member of a chain is the first that is not reached, and how far away it stands."""
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
        return "its members are not where they should be"

    def _parts(self, hit: Spot) -> str:
        return ", ".join(self._quoted(Spot(start, end, ())) for start, end in hit.parts)

    def _quoted(self, spot: Spot) -> str:
        text = " ".join(self._text[spot.start : spot.end][: _MAX_QUOTED + 1].split())
        return f"'{text[:_MAX_QUOTED]}…'" if len(text) > _MAX_QUOTED else f"'{text}'"


def _name(place: Place) -> str:
    """Return a place as it is written: {medium}, without the language that was looked up for it."""
    text = str(place)
    return (
        text
        if ":" not in text
        else "{".join(part.split(":", 1)[-1] if n else part for n, part in enumerate(text.split("{")))
    )
