"""Files of posts -> one log per partition, with the order and contents that `sandik ingest` writes."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import msgspec

from sandik.errors import StateError, UsageError
from sandik.files.atomic import file_sha256
from sandik.ingest.inputs import STDIN, Source, find, open_source
from sandik.ingest.partitioner import partitions_of
from sandik.ingest.post_times.period import within
from sandik.ingest.produce import MAX_RECORD_BYTES
from sandik.ingest.reading import Order, Reading
from sandik.kafka.ranges import Slice
from sandik.kafka.record_lists import pieces
from sandik.progress import progress
from sandik.replay.plan import MAX_PARTITIONS, Input
from sandik_schemas.post import Post

_SLICE = 2_000

_encode = msgspec.json.Encoder().encode


class Line(NamedTuple):
    """A record of a spooled log."""

    offset: int
    timestamp: int
    value: bytes
    key: None = None
    headers: tuple[()] = ()


def inputs_of(names: Sequence[str]) -> list[Input]:
    """Return the files with their sizes and hashes. UsageError for input that cannot be read twice."""
    found = []
    for name in find(names):
        if name == STDIN or not Path(name).is_file():
            raise UsageError(f"{name}: a replay must be able to read it again: give a file")
        found.append(Input(str(Path(name).resolve()), Path(name).stat().st_size, file_sha256(Path(name))))
    return found


def check_inputs(inputs: Sequence[Input]) -> None:
    """Raise StateError if a file has changed. The size is compared before the bytes."""
    for was in inputs:
        try:
            is_same = (
                Path(was.name).is_file()
                and Path(was.name).stat().st_size == was.size_bytes
                and file_sha256(Path(was.name)) == was.sha256
            )
        except OSError as error:
            raise StateError(f"{was.name} cannot be read: {error.strerror}") from error
        if not is_same:
            raise StateError(f"{was.name} was deleted or has changed (sha256 {was.sha256})")


def open_all(inputs: Sequence[Input], reading: Mapping[str, str | None]) -> list[Source]:
    """Return the files as opened by `sandik ingest`."""
    from sandik.ingest.command import table_options

    options = table_options(
        reading.get("columns"),
        reading.get("zone"),
        reading.get("time_format"),
        reading.get("source"),
        reading.get("encoding") or "utf-8-sig",
    )
    return [open_source(one.name, reading.get("format"), options) for one in inputs]


def spool(
    sources: Sequence[Source], folder: Path, partitions: int, reading: Mapping[str, str | None]
) -> tuple[list[Slice], int]:
    """Write `N.log`, one post per line, for each partition; return the slices and the number of other items.

    Posts are in the order of ingest, without rejected ones. Manifests without an order keep the order of the
    files.

    Raises:
        UsageError: there are more partitions than files can be open.
    """
    if partitions > MAX_PARTITIONS:
        raise UsageError(
            f"files are spread over {MAX_PARTITIONS:,} partitions at most: set SANDIK_PARTITIONS lower"
        )
    counts, left_out = [0] * partitions, 0
    order: Order = "time" if reading.get("order") == "time" else "as-is"
    items = Reading(sources, within(None, None), order, folder).items()
    with ExitStack() as stack:
        bar = stack.enter_context(progress("reading the files"))
        files = [
            stack.enter_context((folder / f"{partition}.log").open("wb")) for partition in range(partitions)
        ]
        while batch := list(islice(items, _SLICE)):
            bar.advance(len(batch))
            posts = [item for item in batch if isinstance(item, Post)]
            left_out += len(batch) - len(posts)
            keys = [post.id.encode() for post in posts]
            for partition, key, post in zip(partitions_of(keys, partitions), keys, posts, strict=True):
                value = _encode(post)
                if len(key) + len(value) > MAX_RECORD_BYTES:
                    left_out += 1
                    continue
                files[partition].write(value + b"\n")
                counts[partition] += 1
    return [Slice(partition, 0, count) for partition, count in enumerate(counts)], left_out


async def read_spooled(
    folder: Path, partition: int, start: int, timestamp_ms: int, at_most: int
) -> AsyncIterator[list[Line]]:
    """Yield the lines of a log from `start` on."""
    with (folder / f"{partition}.log").open("rb") as file:
        lines: Iterator[tuple[int, bytes]] = islice(enumerate(file), start, None)
        for some in pieces((Line(offset, timestamp_ms, line[:-1]) for offset, line in lines), at_most):
            yield some
            await asyncio.sleep(0)  # lets Ctrl-C end the loop
