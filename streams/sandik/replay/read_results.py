"""The counts of a replay, or the live counts, as cells."""

import asyncio
import csv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from sandik.counting.labels import iso
from sandik.counting.newest import latest
from sandik.errors import UsageError
from sandik.kafka.newest_counts import newest_counts
from sandik.kafka.reader import read
from sandik.kafka.topics import COUNTS, partitions_or_none
from sandik.replay.manifest import Manifest, load, manifest_path
from sandik.replay.outputs import output_name
from sandik.settings import Settings
from sandik.tables.csv_texts import unguarded
from sandik.tables.dictionary import is_raw
from sandik.tables.writers import format_of
from sandik_schemas.count import Count

#: The name of the live counts on the command line.
LIVE = "live"
#: `emitted_at_ms` of counts of a replay, which no worker emitted.
NOT_EMITTED_MS = 0
#: The longest field of CSV: more than fits into a Kafka record.
_MOST_CHARACTERS = 1 << 24


class Cell(NamedTuple):
    """The key of a count. `source` is empty in counts without sources."""

    window_start_ms: int
    window_end_ms: int
    language: str
    tag: str
    source: str = ""


class Result(NamedTuple):
    """The counts of one run. `manifest` is None for live counts, and if there is none beside the file."""

    name: str
    counts: dict[Cell, int]
    manifest: Manifest | None


def topic_of(name: str, settings: Settings) -> str | None:
    """Return the topic that `live` or `topic:NAME` stands for; None for the name of a file."""
    if name == LIVE:
        return settings.topic(COUNTS)
    return name.removeprefix("topic:") if name.startswith("topic:") else None


async def load_result(name: str, settings: Settings) -> Result:
    """Return the cells of a file of counts, of `live` or of `topic:NAME`.

    Raises:
        UsageError: there is no such file, or it holds no counts.
        SandikError: Kafka or the topic is unavailable.
    """
    if (topic := topic_of(name, settings)) is not None:
        found = await newest_counts(read(settings, topic, follow=False))
        rows: Iterator[dict[str, Any]] = map(msgspec.structs.asdict, found)
        return Result(name, dict(map(_cell, rows)), None)
    path = Path(name)
    with reading(path, "counts as replay or export write them"):
        counts = dict(map(_cell, rows_of(path)))
    beside = manifest_path(path)
    return Result(name, counts, load(beside) if beside.exists() else None)


def load_counts(name: str, settings: Settings) -> list[Count]:
    """Return the newest count of each cell of a file, of `live` or of `topic:NAME`, by window, language, tag.

    Raises:
        UsageError: there is no such file, or it holds no counts.
        SandikError: Kafka or the topic is unavailable.
    """
    if (topic := topic_of(name, settings)) is not None:
        return asyncio.run(newest_counts(read(settings, topic, follow=False)))
    return latest(counts_in(Path(name)))


def counts_in(path: Path) -> Iterator[Count]:
    """Yield the counts of a file as `replay` or `export` wrote it.

    Raises:
        UsageError: there is no such file, or it holds no counts.
    """
    with reading(path, "counts as replay or export write them"):
        yield from map(_count, rows_of(path))


async def load_sources(name: str, settings: Settings) -> dict[Cell, int] | None:
    """Return the cells by source that lie beside counts, or None where no source was counted.

    Raises:
        UsageError: the file holds no counts.
        SandikError: Kafka or the topic is unavailable.
    """
    if (topic := topic_of(name, settings)) is not None:
        beside = output_name(topic, "sources", is_topic=True)  # of the live counts too: `counts.sources`
        if await partitions_or_none(settings, beside) is None:
            return None
        return (await load_result(f"topic:{beside}", settings)).counts
    path = Path(name)
    file = path.with_name(output_name(path.name, "sources", is_topic=False))
    return (await load_result(str(file), settings)).counts if file.exists() else None


@contextmanager
def reading(path: Path, what: str) -> Iterator[None]:
    """Raise UsageError for any error of reading `what` from the file in the body."""
    try:
        yield
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}") from error
    except (
        KeyError,
        TypeError,
        ValueError,
        OverflowError,
        RecursionError,
        csv.Error,
        msgspec.MsgspecError,
    ) as error:
        why = f"there is no column {error.args[0]}" if isinstance(error, KeyError) else str(error)
        raise UsageError(f"{path} holds no {what}: {why}") from error


def rows_of(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the rows of a table written by `replay` or `export`; values of CSV are texts.

    Raises:
        UsageError: the name has no known suffix.
    """
    found = format_of(path)
    if found == "parquet":
        from pyarrow import parquet

        yield from parquet.read_table(path).to_pylist()
    elif found == "csv":
        csv.field_size_limit(_MOST_CHARACTERS)
        restored = str if is_raw(path) else unguarded
        with path.open(encoding="utf-8-sig", newline="") as file:
            for row in csv.DictReader(file):
                yield {
                    name: restored(value) if isinstance(value, str) else value for name, value in row.items()
                }
    else:
        with path.open("rb") as lines:
            yield from map(msgspec.json.decode, lines)


def _count(row: dict[str, Any]) -> Count:
    present = {name: value for name, value in row.items() if value not in ("", None)}
    present |= {f"window_{edge}": iso(int(row[f"window_{edge}_ms"])) for edge in ("start", "end")}
    return msgspec.convert({"emitted_at_ms": NOT_EMITTED_MS, **present}, Count, strict=False)


def _cell(row: dict[str, Any]) -> tuple[Cell, int]:
    span = int(row["window_start_ms"]), int(row["window_end_ms"])
    cell = Cell(*span, row["language"], row["tag"], row.get("source") or "")
    return cell, int(row["count"])
