"""Boolean queries as analysts write them: AND, OR, NOT, NEAR/9, brackets, "a phrase", word, prefix*, {set}.

A **place** has a position in a text: a word, a phrase, a member of a set, one of several of these, or a chain
of them (`{ai} NEAR/9 {medium} NEAR/9 {made}`). A **condition** is true or false for a text, or for a place in
it. NOT binds tightest, then NEAR, then AND, then OR. `SHORT/300` is true for texts of at most 300 characters.
"""

import re
from collections.abc import Iterator
from functools import cache
from typing import Literal, TypeAlias, TypeGuard

import msgspec

Kind = Literal["match", "near", "unless"]

#: The distance in words of `near` without NEAR/n.
NEAR_WORDS = 9
MAX_NEAR_WORDS = 100

_TOKEN = re.compile(
    r'\s+|(?P<token>\(|\)|"[^"]*"|\{[^{}\s]*\}|(?:NEAR|SHORT)/\d+(?!\w)|[^\s()"{}^]+)|(?P<odd>.)'
)
_NEAR = re.compile(r"NEAR/(\d+)")
_SHORT = re.compile(r"SHORT/(\d{1,6})")
_OPERATORS = ("AND", "OR", "NOT")


class QueryError(Exception):
    """A query is invalid: what is wrong, and what to write."""


class Word(msgspec.Struct, frozen=True, cache_hash=True):
    """A word, a "phrase", a prefix* or a {set}, as written."""

    text: str

    @property
    def is_set(self) -> bool:
        """Return whether it is a {set}."""
        return self.text.startswith("{")

    def __str__(self) -> str:
        return self.text


class Either(msgspec.Struct, frozen=True, cache_hash=True):
    """One of several places."""

    places: tuple["Place", ...]

    def __str__(self) -> str:
        return f"({' OR '.join(map(str, self.places))})"


class Chain(msgspec.Struct, frozen=True, cache_hash=True):
    """Places of which each stands within so many words of the one before it in the chain, in any order."""

    places: tuple["Place", ...]
    within: tuple[int, ...]

    def __str__(self) -> str:
        rest = zip(self.within, self.places[1:], strict=True)
        return f"({self.places[0]}{''.join(f' NEAR/{words} {place}' for words, place in rest)})"


Place: TypeAlias = Word | Either | Chain
Leaf: TypeAlias = Word | Either


class Stands(msgspec.Struct, frozen=True, cache_hash=True):
    """A place within so many words of the hit; None: anywhere in the text."""

    place: Place
    within: int | None

    def __str__(self) -> str:
        return str(self.place) if self.within is None else f"NEAR/{self.within} {self.place}"


class Not(msgspec.Struct, frozen=True, cache_hash=True):
    """The negation of a condition."""

    part: "Condition"

    def __str__(self) -> str:
        return f"NOT {self.part}"


class All(msgspec.Struct, frozen=True, cache_hash=True):
    """All of several conditions."""

    parts: tuple["Condition", ...]

    def __str__(self) -> str:
        return f"({' AND '.join(map(str, self.parts))})"


class Any(msgspec.Struct, frozen=True, cache_hash=True):
    """At least one of several conditions."""

    parts: tuple["Condition", ...]

    def __str__(self) -> str:
        return f"({' OR '.join(map(str, self.parts))})"


class Short(msgspec.Struct, frozen=True, cache_hash=True):
    """The text has at most so many characters."""

    characters: int

    def __str__(self) -> str:
        return f"SHORT/{self.characters}"


Condition: TypeAlias = Stands | Not | All | Any | Short


@cache
def parse(query: str, kind: Kind) -> Condition:
    """Read a query. Its words are anywhere in `match` and `unless`, near the hit in `near`. QueryError."""
    return _Reader(_tokens(query), kind).read()


def places_of(condition: Condition) -> Iterator[Place]:
    """Yield the places of a condition as written; parts of chains are not listed separately."""
    if isinstance(condition, Stands):
        yield condition.place
    elif isinstance(condition, Short):
        return
    elif isinstance(condition, Not):
        yield from places_of(condition.part)
    else:
        for part in condition.parts:
            yield from places_of(part)


def leaves_of(node: "Condition | Place") -> Iterator["Leaf"]:
    """Yield the places that are searched at once: a word, or one of several words."""
    if is_leaf(node):
        yield node
    elif isinstance(node, Place):
        for place in () if isinstance(node, Word) else node.places:
            yield from leaves_of(place)
    else:
        for place in places_of(node):
            yield from leaves_of(place)


def is_leaf(node: "Condition | Place") -> TypeGuard["Leaf"]:
    """Return whether it is a word, or one of several words."""
    return isinstance(node, Word) or (isinstance(node, Either) and all(map(is_leaf, node.places)))


def words_of(node: Condition | Place) -> Iterator[Word]:
    """Yield every word, phrase, prefix and set in it."""
    if isinstance(node, Word):
        yield node
    elif isinstance(node, (Either, Chain)):
        for place in node.places:
            yield from words_of(place)
    else:
        for place in places_of(node):
            yield from words_of(place)


def hits_of(condition: Condition) -> Iterator[tuple[Place, tuple[Condition, ...]]]:
    """Yield what a `match` finds: a place, and the other conditions on the text.

    Of conditions joined by AND, the first place is the hit; the others are only tested.
    """
    if isinstance(condition, Stands):
        yield condition.place, ()
    elif isinstance(condition, Any):
        for part in condition.parts:
            yield from hits_of(part)
    elif isinstance(condition, All):
        for number, part in enumerate(condition.parts):
            if found := [*hits_of(part)]:
                others = condition.parts[:number] + condition.parts[number + 1 :]
                for place, besides in found:
                    yield place, besides + others
                return


def _tokens(query: str) -> list[str]:
    tokens = []
    for found in _TOKEN.finditer(query):
        if odd := found["odd"]:
            closing = {'"': '"', "{": "}"}.get(odd)
            what = f"no {closing} after {odd}" if closing else f"an unexpected {odd}"
            raise QueryError(f"{what}; close it, or leave it out")
        if token := found["token"]:
            tokens.append(token)
    return tokens


class _Reader:
    """Reads tokens from left to right."""

    def __init__(self, tokens: list[str], kind: Kind) -> None:
        self._tokens, self._at, self._kind = tokens, 0, kind
        self._default = NEAR_WORDS if kind == "near" else None

    def read(self) -> Condition:
        """Return the whole query."""
        if not self._tokens:
            raise QueryError("it is empty; write a word, or leave the field out")
        node = self._condition(self._any())
        if self._next() == ")":
            raise QueryError("one ) too many; remove it")
        if self._kind == "match" and not [*hits_of(node)]:
            raise QueryError("it only says what must not be there, or how much; add what it should find")
        return node

    def _next(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _take(self) -> str:
        token = self._next()
        self._at += 1
        return token

    def _any(self) -> Condition | Place:
        parts = [self._all()]
        while self._next() == "OR":
            self._take()
            parts.append(self._all())
        if (token := self._next()) not in ("", ")"):
            _refuse_near(token)
            raise QueryError(f'no AND, OR or NEAR/n before {token}; add one, or quote a "phrase"')
        if len(parts) == 1:
            return parts[0]
        if all(isinstance(part, Place) for part in parts):
            return Either(tuple(part for part in parts if isinstance(part, Place)))
        return Any(tuple(map(self._condition, parts)))

    def _all(self) -> Condition | Place:
        parts = [self._not()]
        while self._next() == "AND":
            self._take()
            parts.append(self._not())
        return parts[0] if len(parts) == 1 else All(tuple(map(self._condition, parts)))

    def _not(self) -> Condition | Place:
        if self._next() == "NOT":
            self._take()
            return Not(self._condition(self._not()))
        if found := _NEAR.fullmatch(self._next()):
            self._take()
            if self._kind == "match":
                raise QueryError(f"nothing before {found[0]}; it stands between two words in `match`")
            return self._around(self._chain(), _words(found))
        if short := _SHORT.fullmatch(self._next()):
            self._take()
            return Short(int(short[1]))
        return self._chain()

    def _around(self, node: Condition | Place, within: int) -> Condition:
        """NEAR/n before a bracket applies to each member without its own NEAR/n."""
        if isinstance(node, Place):
            return Stands(node, within)
        raise QueryError(f"AND and NOT cannot stand behind NEAR/{within}; repeat NEAR/{within} for each part")

    def _chain(self) -> Condition | Place:
        first = self._one()
        places, within = [first], []
        while found := _NEAR.fullmatch(self._next()):
            self._take()
            within.append(_words(found))
            places.append(self._one())
        if not within:
            return first
        if all(isinstance(place, Place) for place in places):
            return Chain(tuple(place for place in places if isinstance(place, Place)), tuple(within))
        raise QueryError("AND and NOT cannot stand on a side of NEAR/n; put them around it")

    def _one(self) -> Condition | Place:
        if (token := self._take()) == "(":
            node = self._any()
            if self._take() != ")":
                raise QueryError("a ( without its ); close it")
            return node
        if token in ("", ")"):
            raise QueryError(f"something is missing {f'before {token}' if token else 'at the end'}")
        if token in _OPERATORS or _NEAR.fullmatch(token):
            raise QueryError(f"nothing before {token}; it stands between two words")
        _refuse_near(token)
        return _word(token)

    def _condition(self, node: Condition | Place) -> Condition:
        return Stands(node, self._default) if isinstance(node, Place) else node


def _refuse_near(token: str) -> None:
    if token.split("/")[0] == "NEAR":
        raise QueryError(f"{token} without a number; write NEAR/9 for within nine words")


def _words(found: re.Match[str]) -> int:
    words = int(found[1][:9])
    if not 1 <= words <= MAX_NEAR_WORDS:
        raise QueryError(f"{found[0]}: write a number from 1 to {MAX_NEAR_WORDS}")
    return words


def _word(token: str) -> Word:
    bare = token.strip('"')
    if token.startswith("{"):
        if not re.fullmatch(r"\{([a-z]{2,3}:)?[\w-]+\}", token):
            raise QueryError(f"{token}: the name of a set is letters, digits and -")
    elif not any(map(str.isalnum, bare)):
        raise QueryError(f"{token}: no letter or digit in it; leave it out")
    elif "*" in bare[:-1] or re.search("[{}]", bare):
        raise QueryError(f"{token}: * stands only at the end of a word or phrase")
    return Word(token)
