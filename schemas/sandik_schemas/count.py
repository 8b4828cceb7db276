"""count v1: one merged cell (window, language, tag), as dashboards read it from the topic `counts`."""

from typing import NamedTuple

import msgspec

SCHEMA_VERSION = 1


class CellKey(NamedTuple):
    """What the key of a record of `counts` says, or of `counts.sources`, where it has a source."""

    window_start_ms: int
    size_ms: int
    language: str
    tag: str
    source: str | None = None

    @classmethod
    def parse(cls, key: bytes | None) -> "CellKey | None":
        """Return the parts of `window_start_ms|window_size_ms|language|tag[|source]`; None for other keys."""
        try:
            start_ms, size_ms, language, tag, *source = (key or b"").decode().split("|", 4)
            return cls(int(start_ms), int(size_ms), language, tag, *source)
        except ValueError:  # UnicodeDecodeError is one
            return None


class WindowCell(msgspec.Struct, frozen=True):
    """The first fields of a record of a cell: a window, a language and a tag."""

    schema_version: int
    window_start: str
    window_end: str
    window_start_ms: int
    window_end_ms: int
    language: str
    tag: str

    @property
    def key(self) -> bytes:
        """Record key: `window_start_ms|window_size_ms|language|tag`."""
        size_ms = self.window_end_ms - self.window_start_ms
        return f"{self.window_start_ms}|{size_ms}|{self.language}|{self.tag}".encode()


class Count(WindowCell, frozen=True, omit_defaults=True):
    """How many posts of one window and language carry one tag.

    `count` is absolute, never a delta: the record with the highest `revision` of a key is the truth.
    `total` counts all posts of that window and language; `share` = count / total (0 when total is 0).
    `late_count` counts posts of that language and tag that were read while this window was their
    partition's newest, too late for their own window; they are in `posts.late`, not in `count`.
    `with_author` of the posts name an author; `distinct_authors` is how many different ones, between
    `distinct_authors_low` and `distinct_authors_high` with 95 % confidence. All four are None, and not
    written, unless SANDIK_AUTHORS asks for them.
    With a `source`, on the topic `counts.sources`, all of this is of the posts of that source alone.
    """

    count: int
    total: int
    share: float
    late_count: int
    revision: int
    is_final: bool
    lexicon_version: str
    detector_version: str
    emitted_at_ms: int
    with_author: int | None = None
    distinct_authors: int | None = None
    distinct_authors_low: int | None = None
    distinct_authors_high: int | None = None
    source: str | None = None

    @property
    def key(self) -> bytes:
        """Record key: `window_start_ms|window_size_ms|language|tag`, with a source `|source` behind it."""
        return super().key if self.source is None else super().key + f"|{self.source}".encode()
