"""The authors of every window that merge knows, over all partitions.

A batch's authors are written before its window, and count only once that window has arrived. So the authors
of a revision are those of the posts that it counts, even after a crash in between.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from sandik.counting.authors.sketches import NONE, Distinct, added_up, distinct
from sandik_schemas.partial import AuthorsPartial, Sketches, WindowPartial, authors_key


class _Waiting(NamedTuple):
    partition: int
    offset: int
    authors: Sketches


class _Window:
    __slots__ = ("added", "keys", "reached", "sketches", "waiting")

    def __init__(self) -> None:
        self.sketches: Sketches = {}
        #: Received, but not yet merged into `sketches`, which takes many at once.
        self.added: list[Sketches] = []
        self.waiting: list[_Waiting] = []
        #: Partition -> offset of its last window partial.
        self.reached: dict[int, int] = {}
        self.keys: set[tuple[int, int]] = set()


class AuthorSets:
    """Adds up the sketches of batches (`sandik.counting.authors.sketches`); returns the authors of cells."""

    def __init__(self) -> None:
        self._windows: dict[int, _Window] = {}

    def apply(self, partial: AuthorsPartial) -> None:
        """Add what a batch added to a window. Adding it again changes nothing."""
        window = self._windows.setdefault(partial.window_start_ms, _Window())
        window.keys.add((partial.partition, partial.offset))
        window.waiting.append(_Waiting(partial.partition, partial.offset, partial.authors))
        self._take_in(window)

    def reach(self, partial: WindowPartial) -> None:
        """Note that the window's counts, and so its authors, now cover the posts up to an offset."""
        window = self._windows.setdefault(partial.window_start_ms, _Window())
        window.reached[partial.partition] = partial.offset
        self._take_in(window)

    def _take_in(self, window: _Window) -> None:
        waiting = []
        for one in window.waiting:
            if one.offset <= window.reached.get(one.partition, -1):
                window.added.append(one.authors)
            else:
                waiting.append(one)
        window.waiting = waiting

    def fields(
        self, start_ms: int, language: str, tags: Iterable[str], with_author: Mapping[str, int]
    ) -> dict[str, dict[str, int]]:
        """Return the fields of authors of the counts of these tags. `with_author`: posts by tag."""
        found = self._distinct(start_ms, language)
        return {
            tag: {"with_author": with_author.get(tag, 0), **found.get(tag, NONE)._asdict()} for tag in tags
        }

    def _distinct(self, start_ms: int, language: str) -> dict[str, Distinct]:
        window = self._windows[start_ms]
        if window.added:
            window.sketches = added_up([window.sketches, *window.added])
            window.added = []
        return distinct(window.sketches.get(language, {}))

    def forget(self, run_id: str, start_ms: int) -> Iterator[bytes]:
        """Forget a window; yield the keys of the partials that were taken in of it."""
        window = self._windows.pop(start_ms, None)
        for partition, offset in sorted(window.keys) if window else ():
            yield authors_key(run_id, partition, start_ms, offset)
