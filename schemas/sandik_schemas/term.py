"""term v1: one of the terms that most posts of a window contain, on the topic `counts.terms`."""

import msgspec

SCHEMA_VERSION = 1


class TermCount(msgspec.Struct, frozen=True):
    """How many posts of one window and language contain the term of one rank among those of its tag.

    `rank` 1 is the term of most posts; of terms with as many, the one that comes first in the order of code
    points. `count` is absolute; a post that says it twice is counted once. The record with the highest
    `revision` of a key is the truth.
    """

    schema_version: int
    window_start: str
    window_end: str
    window_start_ms: int
    window_end_ms: int
    language: str
    tag: str
    rank: int
    term: str
    count: int
    revision: int
    is_final: bool
    lexicon_version: str
    detector_version: str
    emitted_at_ms: int

    @property
    def key(self) -> bytes:
        """Record key: `window_start_ms|window_size_ms|language|tag|rank`."""
        size_ms = self.window_end_ms - self.window_start_ms
        return f"{self.window_start_ms}|{size_ms}|{self.language}|{self.tag}|{self.rank}".encode()
