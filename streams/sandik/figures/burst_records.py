"""Bursts of final windows as records, by the rule of the page: a function of the cells of `counts`. Pure."""

from collections.abc import Iterator

import numpy as np

from sandik.counting.fold import ALL
from sandik.counting.labels import iso
from sandik.figures.cell_store import Cells, Found
from sandik.figures.live_counts import Model, Version
from sandik.figures.rollup import EVERY, members
from sandik.figures.statistics import BASELINE_BUCKETS, Ints, bursts
from sandik_schemas.burst import SCHEMA_VERSION, Burst
from sandik_schemas.count import CellKey


def burst_records(cells: Cells, from_ms: int, to_ms: int) -> Iterator[Burst]:
    """Yield the bursts in the windows that start in `[from_ms, to_ms)`, by language, tag and time."""
    for language in [EVERY, *cells.languages]:
        series = _Series(cells, language, from_ms, to_ms)
        for tag in cells.tags:
            if tag != ALL:
                yield from (series.record(tag, window, is_burst=True) for window in series.bursts(tag))


class _Series:
    """The windows of a language, including the windows before that they are compared with."""

    def __init__(self, cells: Cells, language: str, from_ms: int, to_ms: int) -> None:
        self._cells, self._language = cells, language
        self._size_ms = cells.window_size_ms
        self._first = -(-from_ms // self._size_ms)
        self._span = (self._first - BASELINE_BUCKETS) * self._size_ms, to_ms
        self._found: dict[str, Found] = {}

    def of(self, tag: str) -> Found:
        if tag not in self._found:
            own = members(self._cells, self._language)
            self._found[tag] = self._cells.find(own, tag, *self._span)
        return self._found[tag]

    def bursts(self, tag: str) -> list[int]:
        found = self.of(tag)
        is_burst = bursts(found.window, found.final + found.current, self.of(ALL).window)
        return [window for window in found.window[is_burst].tolist() if window >= self._first]

    def record(self, tag: str, window: int, *, is_burst: bool) -> Burst:
        start_ms, end_ms = window * self._size_ms, (window + 1) * self._size_ms
        posts, everything = self._counts(tag, window), self._counts(ALL, window)
        # By the rule: the windows before, from the first one with the language on.
        seen = self.of(ALL).window
        first = max(window - BASELINE_BUCKETS, int(seen[np.searchsorted(seen, window - BASELINE_BUCKETS)]))
        before = posts[first - window - 1 : -1]
        return Burst(
            schema_version=SCHEMA_VERSION,
            window_start=iso(start_ms),
            window_end=iso(end_ms),
            window_start_ms=start_ms,
            window_end_ms=end_ms,
            language=self._language,
            tag=tag,
            is_burst=is_burst,
            count=int(posts[-1]),
            usual=float(np.median(before)) if len(before) else 0.0,
            revision=int(everything.sum()) + self._late(window),
        )

    def _counts(self, tag: str, window: int) -> Ints:
        """Return the posts of the window (last) and of the windows before that it may be compared with."""
        found, counts = self.of(tag), np.zeros(BASELINE_BUCKETS + 1, dtype=np.int64)
        first, end = np.searchsorted(found.window, [window - BASELINE_BUCKETS, window + 1])
        counts[found.window[first:end] - window - 1] = (found.final + found.current)[first:end]
        return counts

    def _late(self, window: int) -> int:
        found = self.of(ALL)
        first, end = np.searchsorted(found.window, [window - BASELINE_BUCKETS, window + 1])
        return int(found.late[first:end].sum())


class BurstLedger:
    """Compares `counts` with the topic `bursts`: which bursts must be written.

    The two topics are the only state, so it can stop and restart at any time.
    """

    def __init__(self, from_ms: int = 0) -> None:
        """Judge only windows whose baseline begins at `from_ms` or later."""
        self.model = Model()
        self.written: dict[bytes, Burst] = {}
        self._from_ms = from_ms
        self._judged: tuple[Version, int] | None = None

    def take(self, key: bytes, value: Burst | None) -> None:
        """Add a record of `bursts`."""
        known = self.written.get(key)
        if value is None:
            self.written.pop(key, None)
        elif known is None or value.revision >= known.revision:
            self.written[key] = value

    def clear_written(self) -> None:
        """Forget the written bursts: the topic was replaced."""
        self.written.clear()
        self._judged = None

    def due(self, to_ms: int | None) -> dict[bytes, Burst | None]:
        """Return the records to write, so that `bursts` is right for windows that end by `to_ms`.

        None deletes: the counts of the window are gone. When everything is written, call `judged`.
        """
        cells = self.model.cells
        if to_ms is None:
            return dict.fromkeys(self.written)
        from_ms = self._from(to_ms)
        bursts = {burst.key: burst for burst in burst_records(cells, from_ms, to_ms)}
        due: dict[bytes, Burst | None] = {
            key: burst
            for key, burst in bursts.items()
            if key not in self.written or self.written[key].revision < burst.revision
        }
        for key in self.written.keys() - bursts.keys():
            cell, known = CellKey.parse(key), self.written[key]
            if cell and cell.size_ms == cells.window_size_ms and from_ms <= cell.window_start_ms < to_ms:
                now = self._now(cell)
                if now is None or (known.is_burst and now.revision > known.revision):
                    due[key] = now
        return due

    def judged(self, to_ms: int | None) -> None:
        """Report that everything due is written."""
        self._judged = (self.model.version, to_ms) if to_ms is not None else None

    def _from(self, to_ms: int) -> int:
        """Return the time from which the judgement of windows may have changed."""
        cells, size_ms = self.model.cells, self.model.cells.window_size_ms
        first_ms = self._from_ms + BASELINE_BUCKETS * size_ms if self._from_ms else 0
        if self._judged is None or self._judged[0].epoch != self.model.version.epoch:
            return first_ms
        version, judged_ms = self._judged
        changed = [cells.changed(one, version.number) for one in cells.totals]
        windows = [int(found[0]) * size_ms for found in changed if len(found)]
        return max(first_ms, min([judged_ms, to_ms, *windows]))

    def _now(self, cell: CellKey) -> Burst | None:
        """Return the record of a window that is not a burst; None if nothing was counted in it."""
        start_ms = cell.window_start_ms
        series = _Series(self.model.cells, cell.language, start_ms, start_ms + cell.size_ms)
        window = start_ms // cell.size_ms
        if window not in series.of(ALL).window:
            return None
        return series.record(cell.tag, window, is_burst=False)
