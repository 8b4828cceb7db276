"""Panes: the tumbling windows that other windows are sums of."""

from collections.abc import Callable
from typing import Literal, NamedTuple

from sandik.counting.windows.packed import WindowCells
from sandik_schemas.count import Count

#: What is derived from panes.
Kind = Literal["hopping", "sessions"]

#: Start of a pane -> its counts and late counts as they are now; none where there is no pane.
Panes = Callable[[int], WindowCells]


class Progress(NamedTuple):
    """How far the run is. None before the first.

    What ends at or before `watermark_ms` is final. Panes that end at or before `settled_ms` can no longer
    change.
    """

    watermark_ms: int | None
    settled_ms: int | None


class DerivedRecord(NamedTuple):
    """A record to write: a count of a derived window, or None where there is none under that key any more."""

    kind: Kind
    key: bytes
    value: Count | None


def session_key(start_ms: int, gap_ms: int, language: str, tag: str) -> bytes:
    """Return the key of a session: its end moves, so it is not in it."""
    return f"{start_ms}|{gap_ms}|{language}|{tag}".encode()
