"""One error or doubt about a lexicon."""

from typing import Literal, NamedTuple

from sandik.counting.tags.entries import Place

Kind = Literal[
    "unreadable", "stale", "duplicate", "conflict", "unreachable", "unused", "too short", "too general"
]


class Finding(NamedTuple):
    """What is wrong, where, and what to do. With an error, the lexicon does not do what it says."""

    level: Literal["error", "warning"]
    kind: Kind
    place: Place
    message: str

    def __str__(self) -> str:
        return f"{self.place}: {self.level}: {self.kind}: {self.message}"
