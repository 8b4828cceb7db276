"""Writes a replay's counts: to files, or to topics of their own. Never to the live topics."""

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import msgspec
from aiokafka import AIOKafkaProducer

from sandik.counting.encode import record_of
from sandik.counting.windows.panes import session_key
from sandik.errors import UsageError
from sandik.kafka.connection import client_options
from sandik.kafka.publish import Outgoing, publish
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
from sandik.replay.plan import Plan, Rules, What
from sandik.replay.results import NOT_CANONICAL, Digest, canonical, rows_of
from sandik.settings import Settings
from sandik.tables.writers import Columns, columns_of, write_table
from sandik_schemas.count import Count
from sandik_schemas.term import TermCount

_AT_ONCE = 1_000
_NAME = re.compile(r"[A-Za-z0-9._-]{1,100}")

#: Fields of a count that exist only if authors are counted.
_OF_AUTHORS = [
    field.name for field in msgspec.structs.fields(Count) if not field.required and field.name != "source"
]


class Part(NamedTuple):
    """One output of a replay: its columns, and its rows in canonical order."""

    what: What
    columns: Columns
    rows: Iterable[Count | TermCount]


def parts(plan: Plan, folder: Path, now_ms: int) -> Iterator[Part]:
    """Yield the outputs of a plan whose slices are counted, the counts first."""
    for what in plan.outputs:
        yield Part(what, columns(what, plan.rules), rows_of(what, plan, folder, now_ms))


def columns(what: What, rules: Rules) -> Columns:
    """Return the columns of an output. Derived windows and sources have no authors."""
    if what == "terms":
        return columns_of(TermCount, without=[NOT_CANONICAL])
    has_authors = what == "counts" and rules.authors != "off"
    left_out = [*([] if what == "sources" else ["source"]), *([] if has_authors else _OF_AUTHORS)]
    return columns_of(Count, without=[NOT_CANONICAL, *left_out])


def write_file(path: Path, part: Part, digest: Digest, *, replaces: bool = False) -> None:
    """Write the rows in canonical order, without `emitted_at_ms`."""
    with progress(f"writing {path}") as bar:
        rows = digest.through(map(canonical, bar.through(part.rows)))
        write_table(path, part.columns, rows, replaces=replaces)


def topic_name(settings: Settings, run: str) -> str:
    """Return `counts.RUN`. UsageError if the name is invalid."""
    if not _NAME.fullmatch(run):
        raise UsageError(f"--topic {run}: letters, digits, dot, dash and underscore only")
    name = f"{COUNTS}.{run}"
    if name in (COUNTS_HOPPING, COUNTS_SESSIONS, COUNTS_SOURCES, COUNTS_TERMS):
        raise UsageError(f"--topic {run}: {name} is the workers' own")
    return settings.topic(name)


def output_name(name: str, what: What, *, is_topic: bool) -> str:
    """Return where an output goes, beside the counts: `evening.hopping.csv`, or `counts.RUN.hopping`."""
    if what == "counts":
        return name
    if is_topic:
        return f"{name}.{what}"
    path = Path(name)
    return f"{path.stem}.{what}{path.suffix}"


async def create_topic(settings: Settings, name: str) -> None:
    """Create the topic, compacted like `counts`. UsageError if it already exists."""
    [config] = [spec.config for spec in all_topics(settings) if spec.name == settings.topic(COUNTS)]
    [(_, is_new)] = await create(settings, [TopicSpec(name, 1, config)])
    if not is_new:
        raise UsageError(f"the topic {name} already exists: choose another --topic")


async def write_topic(settings: Settings, name: str, part: Part, digest: Digest, session_gap_ms: int) -> None:
    """Write the counts as by the workers, to a topic of their own.

    Raises:
        BrokerError: Kafka rejects one, or does not answer.
    """
    options = client_options(settings)
    async with AIOKafkaProducer(**options, enable_idempotence=True, acks="all") as producer:
        left = iter(part.rows)
        gap_ms = session_gap_ms if part.what == "sessions" else None
        while batch := list(islice(left, _AT_ONCE)):
            await publish(producer, [_outgoing(name, count, gap_ms) for count in batch])
            for _ in digest.through(map(canonical, batch)):
                pass


def _outgoing(topic: str, count: Count | TermCount, gap_ms: int | None) -> Outgoing:
    record = record_of(count, _key(count, gap_ms))
    return Outgoing(topic, 0, record.key, record.value, record.timestamp_ms)


def _key(count: Count | TermCount, gap_ms: int | None) -> bytes:
    if gap_ms is None:
        return count.key
    return session_key(count.window_start_ms, gap_ms, count.language, count.tag)
