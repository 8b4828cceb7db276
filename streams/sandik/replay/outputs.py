"""Where a replay's counts go: a file, or a topic of their own. Never to what is live."""

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Literal

import msgspec
from aiokafka import AIOKafkaProducer

from sandik.counting.encode import record_of
from sandik.counting.windows.panes import Kind, session_key
from sandik.errors import UsageError
from sandik.kafka.connection import client_options
from sandik.kafka.topics import (
    COUNTS,
    COUNTS_HOPPING,
    COUNTS_SESSIONS,
    COUNTS_SOURCES,
    COUNTS_TERMS,
    TopicSpec,
    all_topics,
    create,
)
from sandik.progress import progress
from sandik.replay.plan import Rules
from sandik.replay.results import NOT_CANONICAL, Digest, Row, canonical
from sandik.settings import Settings
from sandik.tables.writers import Columns, columns_of, write_table
from sandik_schemas.count import Count
from sandik_schemas.term import TermCount

_AT_ONCE = 1_000
_NAME = re.compile(r"[A-Za-z0-9._-]{1,100}")

#: Fields of a count that are there only when its authors are counted.
_OF_AUTHORS = [
    field.name for field in msgspec.structs.fields(Count) if not field.required and field.name != "source"
]
#: What stands beside the counts, in files or topics named after theirs.
Beside = Kind | Literal["sources"]


def columns(rules: Rules | None = None) -> Columns:
    """Return the columns of counts by these rules; None: of derived windows, which have no authors."""
    has_authors = rules is not None and rules.authors != "off"
    return columns_of(Count, without=[NOT_CANONICAL, "source", *([] if has_authors else _OF_AUTHORS)])


def source_columns() -> Columns:
    """Return the columns of counts by source."""
    return columns_of(Count, without=[NOT_CANONICAL, *_OF_AUTHORS])


def write_file(
    path: Path, fields: Columns, counts: Iterable[Count], digest: Digest, *, replaces: bool = False
) -> None:
    """Write the counts in canonical order, without `emitted_at_ms`."""
    with progress(f"writing {path}") as bar:
        rows: Iterator[Row] = digest.through(map(canonical, bar.through(counts)))
        write_table(path, fields, rows, replaces=replaces)


def terms_path(path: Path) -> Path:
    """Return the file of top terms beside that of counts."""
    return path.with_name(f"{path.stem}.terms{path.suffix}")


def write_terms(path: Path, terms: Iterable[TermCount], digest: Digest, *, replaces: bool = False) -> None:
    """Write the top terms in the order of window, language, tag and rank, without `emitted_at_ms`."""
    fields = columns_of(TermCount, without=[NOT_CANONICAL])
    with progress(f"writing {path}") as bar:
        write_table(path, fields, digest.through(map(canonical, bar.through(terms))), replaces=replaces)


def file_sha256(path: Path) -> str:
    """Return the hash of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def topic_name(settings: Settings, run: str) -> str:
    """Return `counts.RUN`. UsageError if that is no name."""
    if not _NAME.fullmatch(run):
        raise UsageError(f"--topic {run}: letters, digits, dot, dash and underscore only")
    name = f"{COUNTS}.{run}"
    if name in (COUNTS_HOPPING, COUNTS_SESSIONS, COUNTS_SOURCES, COUNTS_TERMS):
        raise UsageError(f"--topic {run}: {name} is the workers' own")
    return settings.topic(name)


def beside_name(name: str, kind: Beside, *, is_topic: bool) -> str:
    """Return where derived windows and sources go: `evening.hopping.csv`, or `counts.RUN.hopping`."""
    if is_topic:
        return f"{name}.{kind}"
    path = Path(name)
    return f"{path.stem}.{kind}{path.suffix}"


async def create_topic(settings: Settings, name: str) -> None:
    """Make the topic, compacted like `counts`. UsageError if it is there already."""
    [config] = [spec.config for spec in all_topics(settings) if spec.name == settings.topic(COUNTS)]
    [(_, is_new)] = await create(settings, [TopicSpec(name, 1, config)])
    if not is_new:
        raise UsageError(f"the topic {name} already exists: choose another --topic")


async def write_topic(
    settings: Settings, name: str, counts: Iterable[Count], digest: Digest, gap_ms: int | None = None
) -> None:
    """Write the counts as the workers would, to a topic of their own. `gap_ms`: they are of sessions."""
    producer = AIOKafkaProducer(**client_options(settings), enable_idempotence=True, acks="all")
    await producer.start()
    try:
        left = iter(counts)
        while batch := list(islice(left, _AT_ONCE)):
            await _send(producer, name, batch, gap_ms)
            for _ in digest.through(map(canonical, batch)):
                pass
    finally:
        await producer.stop()


async def _send(producer: AIOKafkaProducer, name: str, counts: Sequence[Count], gap_ms: int | None) -> None:
    sent = [
        await producer.send(name, record.value, record.key, 0, timestamp_ms=record.timestamp_ms)
        for record in (record_of(count, _key(count, gap_ms)) for count in counts)
    ]
    for acknowledgement in sent:
        await acknowledgement


def _key(count: Count, gap_ms: int | None) -> bytes:
    if gap_ms is None:
        return count.key
    return session_key(count.window_start_ms, gap_ms, count.language, count.tag)
