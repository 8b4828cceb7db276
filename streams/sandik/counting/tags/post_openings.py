"""How early in a post the terms of a tag must begin. From `tags.toml` of a lexicon's layers.

    [[opening]]
    tag = "election"
    characters = 450
    beside = ["deepfake"]

The opening of a post is its first 450 characters; of a post with more than 900 characters, its first half. A
long message about other news may mention an election in its last lines without being about one. So if no term
of the tag begins in the opening, the tag counts only if a tag of `beside` counts by itself.
"""

from collections.abc import Iterable, Sequence
from importlib.resources.abc import Traversable
from typing import NamedTuple

import msgspec

from sandik.counting.tags.entries import Place, Problem


class Opening(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The first term of `tag` must begin within so many characters."""

    tag: str
    characters: int
    beside: tuple[str, ...] = ()

    def holds(self, start: int, of: int) -> bool:
        """Return whether `start` is in the opening of a text of so many characters."""
        return start < max(self.characters, of // 2)


class Openings(NamedTuple):
    """The openings of a lexicon, by tag, and their mistakes."""

    by_tag: dict[str, Opening]
    problems: list[Problem]


def read_openings(written: Iterable[tuple[Traversable, Sequence[Opening]]], tags: Sequence[str]) -> Openings:
    """Return the opening of each tag; the last layer that has one decides. `written`: by file."""
    found = Openings({}, [])
    for file, openings in written:
        for opening in openings:
            found.by_tag[opening.tag] = opening
            found.problems.extend(Problem(Place(file, 0), message) for message in _wrong(opening, tags))
    return found


def _wrong(opening: Opening, tags: Sequence[str]) -> Iterable[str]:
    said = f"the opening of '{opening.tag}'"
    if unknown := [tag for tag in (opening.tag, *opening.beside) if tag not in tags]:
        yield f"{said} names {' and '.join(unknown)}, of which the lexicon has no term; it can name {[*tags]}"
    if opening.characters < 1:
        yield f"{said} has {opening.characters} `characters`; write 1 or more, or leave it out"
