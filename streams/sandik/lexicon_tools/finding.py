"""One thing that is wrong with a lexicon, or odd."""

from typing import Literal, NamedTuple

from sandik.counting.tags.entries import Place

Kind = Literal[
    "unreadable", "stale", "duplicate", "conflict", "unreachable", "unused", "too short", "too general"
]


class Finding(NamedTuple):
    """What, where, and what to do. An error keeps the lexicon from doing what it says."""

    level: Literal["error", "warning"]
    kind: Kind
    place: Place
    message: str

    def __str__(self) -> str:
        return f"{self.place}: {self.level}: {self.kind}: {self.message}"
