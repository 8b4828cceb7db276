"""`sandik export`: a topic as a table, with a data dictionary. Uses no consumer group."""

import asyncio
import secrets
import sys
from collections.abc import AsyncGenerator, Generator, Iterable, Iterator
from contextlib import aclosing, closing, suppress
from pathlib import Path
from typing import NamedTuple

import msgspec

from sandik.counting.authors.key import weakness
from sandik.errors import UsageError
from sandik.export.days import check_days, write_days
from sandik.export.rows import COUNTED, Authors, Choice, Table, What, corrected_rows, table_of
from sandik.figures.corrected import Accuracy
from sandik.files.atomic import check_free, new_file
from sandik.kafka.newest_counts import newest_counts
from sandik.kafka.ranges import CLOCKS_APART_MS, bounds_ms, is_inside, records_since
from sandik.kafka.topics import COUNTS_SOURCES
from sandik.lexicon_tools.coded_sample import load_accuracy
from sandik.printing import print_json
from sandik.progress import Bar, progress
from sandik.settings import Settings
from sandik.tables.dictionary import GUARDED, RAW, dictionary, dictionary_path
from sandik.tables.writers import SUFFIXES, USUAL_CSV, CsvForm, Row, check_writable, format_of, write_table


class Order(NamedTuple):
    """The arguments of the command. With `by_day`, `out` is a folder of `format_name` files."""

    what: What
    out: Path
    from_: str | None = None
    to: str | None = None
    by_day: bool = False
    format_name: str = "parquet"
    texts: bool = True
    authors: Authors | None = None
    key_file: Path | None = None
    force: bool = False
    csv: CsvForm = USUAL_CSV
    corrected: Path | None = None


def run_export(order: Order, settings: Settings, *, json: bool) -> int:
    """Write the table and its dictionary; print the number of rows.

    Raises:
        UsageError: arguments contradict each other, or pseudonyms have no key.
        SandikError: Kafka or the topic is unavailable.
    """
    beside = dictionary_path(order.out)
    check_free([beside, *([] if order.by_day else [order.out])], replaces=order.force)
    if order.by_day:
        check_days(order.out, replaces=order.force)
    if order.by_day and order.format_name not in SUFFIXES.values():
        raise UsageError(f"--format {order.format_name}: parquet, jsonl or csv")
    file = order.out.with_name(f"x.{order.format_name}") if order.by_day else order.out
    check_writable(file)
    if order.csv != USUAL_CSV and format_of(file) != "csv":
        raise UsageError("--raw-csv and --bom are for CSV only: remove them, or choose .csv")
    if order.corrected is not None and order.what not in COUNTED:
        raise UsageError("--corrected is for counts only: remove it")
    choice = _choice(order, settings)
    accuracy = load_accuracy(order.corrected) if order.corrected else None
    table = table_of(order.what, choice, is_corrected=accuracy is not None)
    notes: dict[str, str] = {} if order.what in COUNTED else {"authors": choice.authors}
    if format_of(file) == "csv":
        notes["csv_texts"] = RAW if order.csv.is_raw else GUARDED
    made = msgspec.json.encode(dictionary(order.what, table.columns, notes))
    with new_file(beside, replaces=order.force) as new:
        new.write_bytes(msgspec.json.format(made, indent=2) + b"\n")
        count = _written(order, settings, table, accuracy)
    _tell(order, beside, count, json=json)
    return 0


def _written(order: Order, settings: Settings, table: Table, accuracy: Accuracy | None) -> int:
    """Write the table; return how many rows it has."""
    time = "window_start" if order.what in COUNTED else "created_at"
    count = 0

    def counted(rows: Iterable[Row]) -> Iterator[Row]:
        nonlocal count
        for row in rows:
            count += 1
            yield row

    with (
        progress(f"reading {_topic(order, settings)}") as bar,
        closing(_rows(order, settings, table, bar, accuracy)) as rows,
    ):
        if order.by_day:
            write_days(
                order.out,
                order.format_name,
                table.columns,
                time,
                counted(rows),
                form=order.csv,
                replaces=order.force,
            )
        else:
            write_table(order.out, table.columns, counted(rows), form=order.csv, replaces=order.force)
    return count


def _topic(order: Order, settings: Settings) -> str:
    return settings.topic(COUNTS_SOURCES if order.what == "sources" else order.what)


def _tell(order: Order, beside: Path, rows: int, *, json: bool) -> None:
    if json:
        told = {"out": str(order.out), "dictionary": str(beside), "rows": rows}
        print_json(told)
        return
    sys.stderr.write(f"{rows:,} rows; what the columns mean: {beside}\n")
    sys.stdout.write(f"{order.out}\n")


def _choice(order: Order, settings: Settings) -> Choice:
    key = settings.author_key.get_secret_value() if settings.author_key else ""
    if order.key_file is not None:
        try:
            key = order.key_file.read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"--author-key-file {order.key_file}: {error}") from error
        if wrong := weakness(key):
            raise UsageError(f"--author-key-file {order.key_file}: {wrong}")
    # Mentions name an author only by the id of the post.
    authors = order.authors or ("pseudonym" if key else "drop" if order.what == "posts" else "keep")
    if authors == "pseudonym" and not key:
        raise UsageError(
            "pseudonyms need a key: set SANDIK_AUTHOR_KEY, or pass a file with --author-key-file"
        )
    # Ids of posts name authors too. Dropping authors needs no permanent key, so a random one is used.
    return Choice(order.texts, authors, key or secrets.token_hex(32), settings.max_ahead_ms)


def _rows(
    order: Order, settings: Settings, table: Table, bar: Bar, accuracy: Accuracy | None
) -> Generator[Row, None, None]:
    from_ms, to_ms = bounds_ms(order.from_, order.to)
    time_ms = "window_start_ms" if order.what in COUNTED else "created_at_ms"

    def wanted(row: Row) -> bool:
        return is_inside(row[time_ms], row[time_ms] + 1, from_ms, to_ms)

    # A count's record has its window's time. No other record is older than its post, apart from clock skew.
    since_ms = None if from_ms is None else from_ms - settings.max_ahead_ms - CLOCKS_APART_MS
    records = records_since(settings, _topic(order, settings), since_ms, bar)
    if order.what in COUNTED:
        rows = filter(wanted, map(msgspec.structs.asdict, asyncio.run(newest_counts(records))))
        yield from corrected_rows(rows, accuracy) if accuracy else rows
        return

    async def read() -> AsyncGenerator[list[Row], None]:
        async with aclosing(records):
            async for some in records:
                yield [row for row in table.rows(some) if wanted(row)]

    with closing(_now(read())) as batches:
        for batch in batches:
            yield from batch


def _now(batches: AsyncGenerator[list[Row], None]) -> Generator[list[Row], None, None]:
    """Yield the batches of an asynchronous generator, for synchronous writers."""
    with asyncio.Runner() as runner:
        try:
            while True:
                try:
                    yield runner.run(_next(batches))
                except StopAsyncIteration:
                    return
        finally:
            with suppress(RuntimeError):  # it is still running, and is cancelled by the runner
                runner.run(batches.aclose())


async def _next(batches: AsyncGenerator[list[Row], None]) -> list[Row]:
    return await anext(batches)
