"""Counts of a file or a topic -> cells, with the lexicons and detectors that they were counted by."""

from collections.abc import AsyncGenerator, Iterable, Iterator
from contextlib import aclosing
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from sandik.counting.labels import iso
from sandik.figures.cell_store import Cells
from sandik.kafka.ranges import records_since
from sandik.kafka.topics import COUNTS, decoded
from sandik.progress import Bar
from sandik.replay.read_results import LIVE, reading, rows_of
from sandik.settings import Settings
from sandik_schemas.count import CellKey, Count

_decode_count = msgspec.json.Decoder(Count).decode


#: Windows of which any part lies in `[from_ms, to_ms)`; None is no bound.
Range = tuple[int | None, int | None]


class Versions(NamedTuple):
    """What a count was made by."""

    lexicon_version: str
    detector_version: str


class Counted:
    """The cells of the newest run's window size, and what else there was. `emitted_at_ms` says which."""

    def __init__(self) -> None:
        self._sizes: dict[int, Cells] = {}
        self._versions: dict[int, set[Versions]] = {}
        self._newest = (-1, 60_000)

    def take(self, records: Iterable[tuple[bytes, Count | None]], wanted: Range) -> None:
        """Add the records of a topic that lie in the range, in their order."""
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
        """The cells that are reported."""
        return self._sizes.get(self._newest[1]) or Cells(self._newest[1])

    @property
    def versions(self) -> list[Versions]:
        """The lexicons and detectors of these cells: more than one means that runs are mixed."""
        return sorted(self._versions.get(self._newest[1], ()))

    @property
    def other_window_sizes_ms(self) -> list[int]:
        """Window sizes that are there and not reported."""
        return sorted(self._sizes.keys() - {self._newest[1]})


def is_topic(name: str) -> bool:
    """Return whether the counts are in Kafka: `live`, or `topic:NAME`."""
    return name == LIVE or name.startswith("topic:")


def read_file(path: Path) -> Iterator[Count]:
    """Yield the counts of a file as `replay` or `export` wrote it.

    Raises:
        UsageError: there is no such file, or it holds no counts.
    """
    with reading(path, "counts as replay or export write them"):
        yield from map(_count, rows_of(path))


def _count(row: dict[str, Any]) -> Count:
    own = {
        "window_start": iso(int(row["window_start_ms"])),
        "window_end": iso(int(row["window_end_ms"])),
        "emitted_at_ms": row.get("emitted_at_ms") or 0,
    }
    known = {name: value for name, value in row.items() if value not in ("", None)}
    return msgspec.convert({**known, **own}, Count, strict=False)


async def read_topic(
    name: str, settings: Settings, since_ms: int | None, bar: Bar | None = None
) -> AsyncGenerator[list[tuple[bytes, Count | None]], None]:
    """Yield the counts of a topic whose windows begin at `since_ms` or later; some earlier may come, too.

    Each with its key; None where there is no such cell any more.

    Raises:
        SandikError: Kafka or the topic is away.
    """
    topic = settings.topic(COUNTS) if name == LIVE else name.removeprefix("topic:")
    async with aclosing(records_since(settings, topic, since_ms, bar)) as batches:
        async for records in batches:
            yield [(record.key, decoded(record, _decode_count)) for record in records]


def in_range(counts: Iterable[Count], from_ms: int | None, to_ms: int | None) -> Iterator[Count]:
    """Yield the counts whose windows lie in `[from_ms, to_ms)`, be it in part."""
    for count in counts:
        if (from_ms is None or count.window_end_ms > from_ms) and (
            to_ms is None or count.window_start_ms < to_ms
        ):
            yield count
