"""term v1: one of the terms that most posts of a window contain, on the topic `counts.terms`."""

from sandik_schemas.count import WindowCell

SCHEMA_VERSION = 1


class TermCount(WindowCell, frozen=True):
    """How many posts of one window and language contain the term of one rank among those of its tag.

    `rank` 1 is the term of most posts; of terms with as many, the one that comes first in the order of code
    points. `count` is absolute; a post that says it twice is counted once. The record with the highest
    `revision` of a key is the truth.
    """

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
        return super().key + f"|{self.rank}".encode()
