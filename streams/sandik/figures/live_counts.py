"""What the topic `counts` has said so far, and what is to be noticed about it. Pure: times are arguments."""

import uuid
from collections.abc import Iterable
from typing import NamedTuple

from sandik.figures.cell_store import Cells
from sandik_schemas.count import CellKey, Count
from sandik_schemas.pair import DEFAULT_PAIR, Pair


class Version(NamedTuple):
    """A state of the model; `epoch` tells one model from another, `number` grows with every change."""

    epoch: str
    number: int

    def __str__(self) -> str:
        return f"{self.epoch}-{self.number}"

    @classmethod
    def parse(cls, text: str) -> "Version | None":
        """Return what `str` has made a text of; None for anything else."""
        epoch, _, number = text.partition("-")
        return cls(epoch, int(number)) if epoch and number.isascii() and number.isdigit() else None


class Model:
    """Cells by window size: runs of different sizes may have written to one topic. One size is shown."""

    def __init__(self) -> None:
        self.lexicon_versions: set[str] = set()
        self.detector_versions: set[str] = set()
        self.last_count_at_ms: int | None = None
        self.watermark_moved_at_ms: int | None = None
        self.pairs: tuple[Pair, ...] = (DEFAULT_PAIR,)
        self._sizes: dict[int, Cells] = {}
        #: The cells of `counts.sources`, which is a topic of its own.
        self._by_source: dict[int, Cells] = {}
        self._number = 0
        self._start(None)

    def _start(self, cells: Cells | None) -> None:
        self.cells = cells or Cells(60_000)
        self._epoch = _new_epoch()  # numbers go on: cells by source have some of before
        self._newest_emitted_at_ms = 0

    def clear(self) -> None:
        """Forget all of `counts`: the topic is another than before."""
        pairs, by_source, number = self.pairs, self._by_source, self._number
        self.__init__()  # type: ignore[misc]  # the same object, because others hold it
        self.pairs, self._by_source, self._number = pairs, by_source, number

    def clear_sources(self) -> None:
        """Forget what is told apart by source: whoever holds rows of it starts over."""
        self._by_source.clear()
        self._epoch = _new_epoch()

    def set_pairs(self, pairs: tuple[Pair, ...]) -> None:
        """Take the pairs of the run in force over: whoever holds shares of others starts over."""
        if pairs != self.pairs:
            self.pairs = pairs
            self._epoch = _new_epoch()

    @property
    def version(self) -> Version:
        """Return what tells this state from any other."""
        return Version(self._epoch, self._number)

    @property
    def other_window_sizes_ms(self) -> list[int]:
        """Return the window sizes that are in the topic and not shown."""
        return sorted(set(self._sizes) - {self.cells.window_size_ms})

    @property
    def sources(self) -> Cells:
        """Return the cells of the window size that is shown, told apart by source; without any, empty."""
        size_ms = self.cells.window_size_ms
        return self._by_source.get(size_ms) or Cells(size_ms)

    def cells_of(self, sources: frozenset[str]) -> Cells:
        """Return the cells that tell of these sources; of all together, those of `counts`."""
        return self.sources if sources else self.cells

    def add_sources(self, counts: Iterable[Count]) -> bool:
        """Take records of `counts.sources` in as one change; say whether anything is different now."""
        has_changed = False
        for count in counts:
            size_ms = count.window_end_ms - count.window_start_ms
            cells = self._by_source.setdefault(size_ms, Cells(size_ms))
            has_changed |= cells.add(count, self._number + 1)
        self._number += has_changed
        return has_changed

    def remove_sources(self, keys: Iterable[bytes | None]) -> bool:
        """Forget cells of `counts.sources` that were taken back; say whether there were any."""
        has_changed = False
        for cell in map(CellKey.parse, keys):
            if cell and cell.size_ms in self._by_source:
                has_changed = True
                if self._by_source[cell.size_ms].remove(cell, self._number + 1):
                    del self._by_source[cell.size_ms]
                    self._epoch = _new_epoch()
        self._number += has_changed
        return has_changed

    def add(self, counts: Iterable[Count], now_ms: int) -> bool:
        """Take records in as one change, read at `now_ms`; say whether anything is different now."""
        has_changed, watermark_ms = False, self.cells.watermark_ms
        for count in counts:
            self.last_count_at_ms = now_ms
            size_ms = count.window_end_ms - count.window_start_ms
            cells = self._sizes.get(size_ms)
            if cells is None:
                cells = self._sizes[size_ms] = Cells(size_ms)
            if count.emitted_at_ms >= self._newest_emitted_at_ms:
                if cells is not self.cells:  # the newest run is the one that is shown
                    self._start(cells)
                    has_changed, watermark_ms = True, cells.watermark_ms
                self._newest_emitted_at_ms = count.emitted_at_ms
            self.lexicon_versions.add(count.lexicon_version)
            self.detector_versions.add(count.detector_version)
            changed = cells.add(count, self._number + 1)
            has_changed |= changed and cells is self.cells
        self._number += has_changed
        if self.watermark_moved_at_ms is None or watermark_ms != self.cells.watermark_ms:
            self.watermark_moved_at_ms = now_ms
        return has_changed

    def remove(self, keys: Iterable[bytes | None]) -> bool:
        """Forget cells that were taken back; say whether there were any."""
        has_changed = False
        for cell in map(CellKey.parse, keys):
            if cell and cell.size_ms in self._sizes:
                has_changed = True
                if self._sizes[cell.size_ms].remove(cell, self._number + 1):
                    self.clear()  # another run replaces this one: nothing of it is left to be shown
        self._number += has_changed
        return has_changed

    def stale_since_ms(self, now_ms: int) -> int | None:
        """Return since when no count has come, if that is for longer than an open stream pauses."""
        last_ms = self.last_count_at_ms
        return last_ms if last_ms is not None and now_ms - last_ms > self._patience_ms else None

    def stalled_since_ms(self) -> int | None:
        """Return since when no window has become final although counts came, if that is for too long."""
        moved_ms, last_ms = self.watermark_moved_at_ms, self.last_count_at_ms
        if moved_ms is None or last_ms is None or last_ms - moved_ms <= self._patience_ms:
            return None
        return moved_ms

    @property
    def _patience_ms(self) -> int:
        return max(60_000, 3 * self.cells.window_size_ms)


def _new_epoch() -> str:
    return uuid.uuid4().hex[:12]
