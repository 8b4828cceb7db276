"""Counts of a file or a topic -> cells, by which rules they were counted, and what became of every record."""

import asyncio
from collections.abc import AsyncGenerator, Iterable, Iterator
from contextlib import aclosing
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from schemas.count import Count
from schemas.partial import Partial, PartitionClock, Tally
from streams.dashboard.cells import Cells
from streams.diff.results import LIVE, rows_of
from streams.errors import UsageError
from streams.ranges import records_since
from streams.reader import read
from streams.replay.manifest import Manifest, load, manifest_path
from streams.replay.outputs import file_sha256
from streams.replay.plan import Rules
from streams.run import load_job
from streams.settings import Settings
from streams.steps.merge import iso
from streams.topics import COUNTS, PARTIALS

_decode_count = msgspec.json.Decoder(Count).decode
_decode_partial = msgspec.json.Decoder(Partial).decode


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

    def add(self, counts: Iterable[Count]) -> None:
        """Take counts in, in any order."""
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


class Origin(msgspec.Struct, frozen=True):
    """Where the counts are from and how they came about, as far as that is known.

    `tally` is what became of every record that the run has read, whatever the period.
    """

    name: str
    run_id: str | None = None
    tally: Tally | None = None
    rules: Rules | None = None
    manifest: Manifest | None = None
    notices: tuple[str, ...] = ()


def is_topic(name: str) -> bool:
    """Say whether the counts are in Kafka: `live`, or `topic:NAME`."""
    return name == LIVE or name.startswith("topic:")


def load_file(name: str) -> tuple[list[Count], Origin]:
    """Return the counts of a file as `replay` or `export` wrote it, and what its manifest says.

    Raises:
        UsageError: there is no such file, or it holds no counts.
    """
    path = Path(name)
    try:
        counts = [_count(row) for row in rows_of(path)]
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}") from error
    except (KeyError, TypeError, ValueError, msgspec.MsgspecError) as error:
        raise UsageError(f"{path} holds no counts as replay or export write them: {error!r}") from error
    beside = manifest_path(path)
    if not beside.exists():
        return counts, Origin(path.name, notices=(f"No manifest lies beside {path.name}.",))
    manifest = load(beside)
    rules = manifest.plan.rules
    notices: tuple[str, ...] = ()
    if file_sha256(path) != manifest.output.sha256:
        notices = (f"{path.name} is not the file that its manifest speaks of: it was changed since.",)
    return counts, Origin(path.name, rules.run_id, manifest.tally, rules, manifest, notices)


def _count(row: dict[str, Any]) -> Count:
    own = {
        "window_start": iso(int(row["window_start_ms"])),
        "window_end": iso(int(row["window_end_ms"])),
        "emitted_at_ms": row.get("emitted_at_ms") or 0,
    }
    return msgspec.convert({**row, **own}, Count, strict=False)


async def read_topic(
    name: str, settings: Settings, since_ms: int | None
) -> AsyncGenerator[list[Count], None]:
    """Yield the counts of a topic whose windows begin at `since_ms` or later; some earlier may come, too.

    Raises:
        SandikError: Kafka or the topic is away.
    """
    topic = settings.topic(COUNTS) if name == LIVE else name.removeprefix("topic:")
    async with aclosing(records_since(settings, topic, since_ms)) as batches:
        async for records in batches:
            yield [_decode_count(record.value) for record in records if record.value is not None]


def origin_of_topic(name: str, settings: Settings) -> Origin:
    """Return what `partials` tell of the run that wrote the live counts last.

    Raises:
        SandikError: Kafka or the topic is away.
    """
    if name != LIVE:
        return Origin(name)
    clocks, written_ms = asyncio.run(_clocks(settings))
    if not written_ms:
        return Origin(name)
    run_id = max(written_ms, key=lambda one: (written_ms[one], one))
    tallies = [msgspec.structs.asdict(clock.tally) for clock in clocks.values() if clock.run_id == run_id]
    tally = Tally(**{field: sum(one[field] for one in tallies) for field in Tally.__struct_fields__})
    job = load_job(settings)
    # Only if these settings make the same run are they those of the workers.
    rules = Rules.of(settings, job) if job.run_id == run_id else None
    others = sorted(written_ms.keys() - {run_id})
    notices = (f"Other runs have written counts, too: {', '.join(others)}.",) if others else ()
    return Origin(name, run_id, tally, rules, notices=notices)


async def _clocks(settings: Settings) -> tuple[dict[tuple[str, int], PartitionClock], dict[str, int]]:
    """Return the furthest clock of each run and partition, and when each run wrote last."""
    clocks: dict[tuple[str, int], PartitionClock] = {}
    written_ms: dict[str, int] = {}
    async for records in read(settings, settings.topic(PARTIALS), follow=False):
        for record in records:
            if record.value is None or not (record.key or b"").endswith(b"|clock"):
                continue
            clock = _decode_partial(record.value)
            if not isinstance(clock, PartitionClock):
                continue
            key = clock.run_id, clock.partition
            if key not in clocks or clocks[key].offset <= clock.offset:
                clocks[key] = clock
            written_ms[clock.run_id] = max(written_ms.get(clock.run_id, 0), record.timestamp)
    return clocks, written_ms


def in_range(counts: Iterable[Count], from_ms: int | None, to_ms: int | None) -> Iterator[Count]:
    """Yield the counts whose windows lie wholly in `[from_ms, to_ms)`."""
    for count in counts:
        if (from_ms is None or count.window_start_ms >= from_ms) and (
            to_ms is None or count.window_end_ms <= to_ms
        ):
            yield count
