"""Posts -> groups of nearly the same text: how much of what is said is one text, said again. Pure.

Two texts are nearly the same when of their runs of three words at least seven in ten are in both. Pairs are
found by MinHash and then compared word by word, so what is grouped is alike; of pairs that are barely alike
one in many may be missed. Groups are what such pairs connect, so neither the order of posts nor how they were
split changes them.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec

from sandik.errors import UsageError
from sandik.texts.cleaning import words_of

#: Of the runs of words of two texts together, so many are in both of them: else they are two texts.
ALIKE = 0.7
_RUN = 3
#: Shorter texts ("yes!") are the same only to the letter.
_FEWEST_WORDS = 5
_HASHES, _BANDS, _SEED = 128, 32, 1


class Said(NamedTuple):
    """A post, as far as copies go. `author` is "" where it is not known."""

    id: str
    created_at_ms: int
    source: str
    author: str
    text: str


class Group(msgspec.Struct, frozen=True):
    """Posts of nearly the same text: how many, in how many wordings, by whom, and how fast they came.

    `authors` is None where posts do not say who wrote them. `half_ms`: until half of them were there.
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
    """Takes posts in, in any order, and groups their texts."""

    def __init__(self) -> None:
        self._posts: dict[tuple[str, ...], list[Said]] = {}

    def add(self, posts: Iterable[Said]) -> None:
        """Take posts in."""
        for one in posts:
            # Texts without a word, links for instance, are the same only to the letter.
            words = tuple(words_of(one.text)) or (one.text,)
            self._posts.setdefault(words, []).append(one)

    @property
    def posts(self) -> int:
        """How many posts there are."""
        return sum(map(len, self._posts.values()))

    def groups(self) -> list[Group]:
        """Return the distinct texts, those with the most posts first. Each post is in one of them.

        Raises:
            UsageError: the package for it is not there.
        """
        texts = sorted(self._posts)
        members: dict[int, list[int]] = {}
        for number, root in enumerate(_roots(texts)):
            members.setdefault(root, []).append(number)
        found = [_group([self._posts[texts[one]] for one in some]) for some in members.values()]
        return sorted(found, key=lambda one: (-one.posts, one.first_ms, one.text))


def alike(one: frozenset[str], other: frozenset[str]) -> bool:
    """Return whether two texts are nearly the same, by their runs of words."""
    together = len(one | other)
    return bool(together) and len(one & other) >= ALIKE * together


def runs_of(words: Sequence[str]) -> frozenset[str]:
    """Return the runs of three words of a text."""
    return frozenset(" ".join(words[at : at + _RUN]) for at in range(len(words) - _RUN + 1))


def _roots(texts: Sequence[tuple[str, ...]]) -> list[int]:
    """Return of each text the first one that it is connected with."""
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
