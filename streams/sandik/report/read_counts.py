"""Counts of a file or a topic -> cells, with their lexicons and detectors."""

from collections.abc import AsyncGenerator, Iterable, Iterator
from contextlib import aclosing
from typing import NamedTuple

import msgspec

from sandik.figures.cell_store import Cells
from sandik.kafka.ranges import records_since
from sandik.kafka.topics import decoded
from sandik.progress import Bar
from sandik.settings import Settings
from sandik_schemas.count import CellKey, Count

_decode_count = msgspec.json.Decoder(Count).decode


#: `[from_ms, to_ms)`, widened to whole windows; None is no bound.
Range = tuple[int | None, int | None]


class Versions(NamedTuple):
    """The lexicon and the detector of a count."""

    lexicon_version: str
    detector_version: str


class Counted:
    """The cells with the window size of the newest run (by `emitted_at_ms`), and the other window sizes."""

    def __init__(self) -> None:
        self._sizes: dict[int, Cells] = {}
        self._versions: dict[int, set[Versions]] = {}
        self._newest = (-1, 60_000)

    def take(self, records: Iterable[tuple[bytes, Count | None]], wanted: Range) -> None:
        """Add the records of a topic in the range, in order."""
        for key, count in records:
            if count is not None:
                self.add(in_range([count], *wanted))
            else:
                cell = CellKey.parse(key)
                if cell and cell.size_ms in self._sizes and self._sizes[cell.size_ms].remove(cell):
                    self._forget(cell.size_ms)

    def _forget(self, size_ms: int) -> None:
        """Forget a window size without cells: another run may have another size."""
        del self._sizes[size_ms], self._versions[size_ms]
        if size_ms == self._newest[1]:
            self._newest = (-1, 60_000)

    def add(self, counts: Iterable[Count]) -> None:
        """Add counts, in any order."""
        for count in counts:
            size_ms = count.window_end_ms - count.window_start_ms
            self._sizes.setdefault(size_ms, Cells(size_ms)).add(count, 1)
            versions = Versions(count.lexicon_version, count.detector_version)
            self._versions.setdefault(size_ms, set()).add(versions)
            self._newest = max(self._newest, (count.emitted_at_ms, size_ms))

    @property
    def cells(self) -> Cells:
        """The reported cells."""
        return self._sizes.get(self._newest[1]) or Cells(self._newest[1])

    @property
    def versions(self) -> list[Versions]:
        """The lexicons and detectors of these cells. More than one means mixed runs."""
        return sorted(self._versions.get(self._newest[1], ()))

    @property
    def other_window_sizes_ms(self) -> list[int]:
        """Window sizes that are not reported."""
        return sorted(self._sizes.keys() - {self._newest[1]})


async def read_topic(
    topic: str, settings: Settings, since_ms: int | None, bar: Bar
) -> AsyncGenerator[list[tuple[bytes, Count | None]], None]:
    """Yield (key, count) of a topic for windows from `since_ms` on; a few may be earlier.

    The count is None if the cell was deleted.

    Raises:
        SandikError: Kafka or the topic is unavailable.
    """
    async with aclosing(records_since(settings, topic, since_ms, bar)) as batches:
        async for records in batches:
            yield [(record.key, decoded(record, _decode_count)) for record in records]


def in_range(counts: Iterable[Count], from_ms: int | None, to_ms: int | None) -> Iterator[Count]:
    """Yield the counts of windows that overlap `[from_ms, to_ms)`."""
    for count in counts:
        if (from_ms is None or count.window_end_ms > from_ms) and (
            to_ms is None or count.window_start_ms < to_ms
        ):
            yield count
