"""Posts -> groups of nearly identical texts. Pure.

Two texts are nearly identical if at least 70 % of their runs of three words are in both. Pairs are found by
MinHash and verified word by word, so grouped texts are alike; a few barely similar pairs may be missed.
Groups are connected components of pairs, so they do not depend on the order or batches of posts.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec

from sandik.errors import UsageError
from sandik.texts.cleaning import words_of

#: The least share of common runs of words of two nearly identical texts.
ALIKE = 0.7
_RUN = 3
#: Shorter texts ("yes!") must be identical.
_FEWEST_WORDS = 5
_HASHES, _BANDS, _SEED = 128, 32, 1


class Said(NamedTuple):
    """The data of a post for finding copies. `author` is "" if unknown."""

    id: str
    created_at_ms: int
    source: str
    author: str
    text: str


class Group(msgspec.Struct, frozen=True):
    """Posts of nearly the same text: numbers of posts, wordings, authors and sources, and their times.

    `authors` is None if unknown. `half_ms`: the time until half of the posts were there.
    """

    posts: int
    wordings: int
    authors: int | None
    sources: int
    first_ms: int
    last_ms: int
    half_ms: int
    text: str


class Copies:
    """Takes posts in any order, and groups their texts."""

    def __init__(self) -> None:
        self._posts: dict[tuple[str, ...], list[Said]] = {}

    def add(self, posts: Iterable[Said]) -> None:
        """Take posts in."""
        for one in posts:
            # Texts without words, such as links, must be identical.
            words = tuple(words_of(one.text)) or (one.text,)
            self._posts.setdefault(words, []).append(one)

    @property
    def posts(self) -> int:
        """How many posts there are."""
        return sum(map(len, self._posts.values()))

    def groups(self) -> list[Group]:
        """Return the groups, those with the most posts first. Each post is in one group.

        Raises:
            UsageError: a package is missing.
        """
        texts = sorted(self._posts)
        members: dict[int, list[int]] = {}
        for number, root in enumerate(_roots(texts)):
            members.setdefault(root, []).append(number)
        found = [_group([self._posts[texts[one]] for one in some]) for some in members.values()]
        return sorted(found, key=lambda one: (-one.posts, one.first_ms, one.text))


def alike(one: frozenset[str], other: frozenset[str]) -> bool:
    """Return whether two texts are nearly identical, by their runs of words."""
    together = len(one | other)
    return bool(together) and len(one & other) >= ALIKE * together


def runs_of(words: Sequence[str]) -> frozenset[str]:
    """Return the runs of three words of a text."""
    return frozenset(" ".join(words[at : at + _RUN]) for at in range(len(words) - _RUN + 1))


def _roots(texts: Sequence[tuple[str, ...]]) -> list[int]:
    """Return for each text the first text of its group."""
    try:
        from rensa import RMinHash, RMinHashLSH
    except ImportError as error:
        raise UsageError("copies need rensa: install sandik[copies]") from error
    roots = list(range(len(texts)))

    def root(one: int) -> int:
        while roots[one] != one:
            roots[one] = roots[roots[one]]
            one = roots[one]
        return one

    long = [number for number, words in enumerate(texts) if len(words) >= _FEWEST_WORDS]
    runs = {number: runs_of(texts[number]) for number in long}
    hashed = RMinHash.from_token_sets([sorted(runs[number]) for number in long], _HASHES, _SEED)
    index = RMinHashLSH(ALIKE, _HASHES, _BANDS)
    for number, one in zip(long, hashed, strict=True):
        for other in index.query(one):
            low, high = sorted((root(number), root(other)))
            if low != high and alike(runs[number], runs[other]):
                roots[high] = low
        index.insert(number, one)
    return [root(number) for number in range(len(texts))]


def _group(wordings: Sequence[Sequence[Said]]) -> Group:
    posts = sorted(
        (post for some in wordings for post in some), key=lambda post: (post.created_at_ms, post.id)
    )
    authors = {post.author for post in posts}
    first_ms = posts[0].created_at_ms
    return Group(
        posts=len(posts),
        wordings=len(wordings),
        authors=len(authors) if "" not in authors else None,
        sources=len({post.source for post in posts}),
        first_ms=first_ms,
        last_ms=posts[-1].created_at_ms,
        half_ms=posts[(len(posts) - 1) // 2].created_at_ms - first_ms,
        text=posts[0].text,
    )
