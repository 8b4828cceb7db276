"""`sandik ingest SOURCE...`: errors and summary to stderr, the summary as JSON to stdout.

Exit code 0: everything was read to the end. Invalid posts do not change that: they are reported by reason,
with a few examples. 1: a source had data but no readable post, a source broke off, or Kafka failed. 2: an
argument is invalid. 130: Ctrl-C; 143: SIGTERM. In all cases, posts read before are delivered first.
"""

import asyncio
import math
import sys
from collections.abc import AsyncIterable, Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfoNotFoundError

import orjson
from rich.console import Console

from sandik.clock import SystemClock
from sandik.counting.labels import iso
from sandik.counting.windows.final_and_late import Timing
from sandik.errors import INTERRUPTED_EXIT_CODE, SandikError, UsageError
from sandik.ingest.authors import with_pseudonyms
from sandik.ingest.decoding.json_access import EXTRAS
from sandik.ingest.decoding.times import zone_of
from sandik.ingest.file_stats import Account, Examples
from sandik.ingest.formats.table import FIELDS, TableOptions
from sandik.ingest.inputs import Source, find, open_source, read
from sandik.ingest.items import INCOMPLETE, Item, Rejected, RejectReason, Skipped
from sandik.ingest.live import LiveOptions, follow, is_live, live_source
from sandik.ingest.post_filter import chooser
from sandik.ingest.post_times.bounds import bounded
from sandik.ingest.post_times.expected_late import Lateness, Rules
from sandik.ingest.post_times.pace import paced, speed_of
from sandik.ingest.post_times.period import within
from sandik.ingest.post_times.run_clocks import clocks_of
from sandik.ingest.preview import check, preview
from sandik.ingest.produce import Mark, Summary, ingest
from sandik.ingest.progress import by_reason, progress_bar
from sandik.ingest.read_ahead import ReadAhead
from sandik.ingest.reading import Order, Reading
from sandik.ingest.summary import notes, table
from sandik.ingest.terminal import Terminal
from sandik.settings import Settings
from sandik_schemas.post import Post

#: Names of post v1 for the fields of `--columns`.
_OTHER_NAMES = {
    "created_at": "time",
    "created_at_ms": "time",
    "author_id": "author",
    "lang": "language",
    "lang_hint": "language",
}


@dataclass(frozen=True)
class IngestOptions:
    """The options of the command. With `author_key`, ids are replaced by keyed hashes.

    A post more than `max_ahead_ms` ahead of this machine's clock is rejected. `rules` are the workers' rules,
    if known, and `partials` is the topic with their clocks.
    """

    format: str | None = None
    table: TableOptions = field(default_factory=TableOptions)
    filters: Sequence[str] = ()
    pace: str = "max"
    is_dry_run: bool = False
    explain: bool = False
    json_summary: bool = False
    author_key: str | None = None
    max_ahead_ms: int = 300_000
    cursor: Path | None = None
    token_file: Path | None = None
    zstd_dictionary: Path | None = None
    order: Order = "time"
    temp_dir: Path | None = None
    from_ms: int | None = None
    to_ms: int | None = None
    is_check: bool = False
    is_closing: bool = False
    rules: Rules | None = None
    partials: str | None = None


def table_options(
    columns: str | None,
    zone: str | None,
    time_format: str | None,
    source: str | None,
    encoding: str,
    include: Sequence[str] = (),
    *,
    private_chats: bool = False,
) -> TableOptions:
    """Return the options for reading tables and JSON paths.

    Raises:
        UsageError: the mapping, the zone or a name in `include` is invalid.
    """
    mapping: dict[str, str] = {}
    for pair in filter(None, (columns or "").split(",")):
        name, is_pair, column = pair.partition("=")
        name = _OTHER_NAMES.get(name.strip(), name.strip())
        if not is_pair or name not in FIELDS:
            raise UsageError(
                f"--columns {pair}: write FIELD=COLUMN, or FIELD=PATH for JSON, with a field of "
                f"{', '.join(FIELDS)}"
            )
        mapping[name] = column.strip()
    try:
        found = None if zone is None else zone_of(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise UsageError(
            f"--zone {zone}: there is no such zone; write one like Europe/Istanbul, or +03:00"
        ) from error
    for name in include:
        if name not in EXTRAS:
            raise UsageError(f"--include {name}: write one of {', '.join(EXTRAS)}")
    return TableOptions(
        mapping, found, time_format, source, encoding, private_chats=private_chats, include=frozenset(include)
    )


def rules_of(settings: Settings) -> Rules:
    """Return the rules of workers with these settings."""
    timing = Timing(settings.window_size_ms, settings.max_disorder_ms, settings.allowed_lateness_ms)
    return Rules(timing, settings.derived_sizes, settings.max_ahead_ms, settings.reposts, settings.partitions)


def run_ingest(
    names: Sequence[str], *, connection: Mapping[str, Any], topic: str, options: IngestOptions
) -> int:
    """Write the posts of all sources to `topic` and return the exit code.

    `connection` is what sandik.kafka.connection.client_options returns.
    """
    console = Terminal()
    summary, examples = Summary(), Examples()

    def report(item: Rejected | Skipped) -> None:
        if options.explain or (isinstance(item, Rejected) and examples.is_told(item)):
            kind = "skipped" if isinstance(item, Skipped) else "rejected"
            detail = f": {item.detail}" if item.detail else ""
            console.print(f"{_of_one_line(item.where)}: {kind}: {item.reason}{_of_one_line(detail)}")

    source = None
    try:
        source = _input(names, options, console)  # reports errors before Kafka is contacted
        posts = asyncio.run(_run(source, options, connection, topic, report, summary, console))
        is_incomplete = not INCOMPLETE.isdisjoint(summary.rejected)
        exit_code = 1 if is_incomplete or (summary.rejected and not posts) else 0
        if not posts and RejectReason.NO_POSTS in summary.rejected:
            console.print("error: no posts: the input is empty")
        if summary.interrupted:
            exit_code = INTERRUPTED_EXIT_CODE
    except KeyboardInterrupt:
        exit_code = INTERRUPTED_EXIT_CODE
    except SandikError as error:
        console.print(f"error: {error}")
        exit_code = error.exit_code
    reading = source.reading if source else None
    if summary.seconds:  # otherwise nothing was read
        if reading is not None and (exit_code == 0 or reading.has_begun):
            for line in table(reading.files()):
                console.print(line)
        console.print(_describe(summary, reading if options.is_check else None))
        for line in notes(reading, summary) if reading else ():
            console.print(line)
    if options.json_summary:
        sys.stdout.buffer.write(_as_json(summary, reading))
    return exit_code


def _of_one_line(text: str) -> str:
    return text.replace("\n", "\\n")


def _as_json(summary: Summary, reading: Reading | None) -> bytes:
    told = dict(vars(summary))
    if reading is not None:
        files = reading.files()
        told |= {"expected_late": sum(one.expected_late for one in files), "files": files}
    return orjson.dumps(told, option=orjson.OPT_NON_STR_KEYS) + b"\n"


class _Input(NamedTuple):
    """The input. `open` returns the items, in lists, once the event loop runs.

    `reading` has the statistics of files; None for a live source and for a preview.
    """

    files: Sequence[Source]
    reading: Reading | None
    open: Callable[[], AsyncIterable[Sequence[Item | Mark]]]


def _input(names: Sequence[str], options: IngestOptions, console: Console) -> _Input:
    changes: list[Callable[[Item], Item]] = []
    # First, so that reports never contain original ids.
    if key := options.author_key:
        changes.append(lambda item: with_pseudonyms(item, key))
    changes.append(bounded(options.max_ahead_ms, SystemClock().now_ms))
    changes.append(within(options.from_ms, options.to_ms))
    if options.filters:
        changes.append(chooser(options.filters))

    def change(item: Item) -> Item:
        for one in changes:
            item = one(item)
        return item

    speed = speed_of(options.pace)
    if any(map(is_live, names)):
        if len(names) > 1 or math.isfinite(speed):
            raise UsageError("a live source is read alone and at its own pace")
        if options.is_closing or options.is_check:
            raise UsageError("a live source has no end: --close and --check are for files")
        live = LiveOptions(options.cursor, change, console.print)
        stream = live_source(
            names[0], options.token_file, options.zstd_dictionary, console.print, options.table.include
        )
        return _Input((), None, lambda: follow(stream, live))
    files = [open_source(name, options.format, options.table) for name in find(names)]
    if options.explain:
        for file in files:
            console.print(f"{file.shown_name}: {_recognised(file)}")
    if options.is_dry_run:  # shows the first posts quickly, in file order
        return _Input(files, None, lambda: ReadAhead(map(change, read(files))))

    def tell_late(file: Account, post: Post) -> None:
        of = f"{file.file}, of {iso(post.created_at_ms)}"
        console.print(f"warning: posts will be too late to be counted, the first in {of}")

    reading = Reading(files, change, options.order, options.temp_dir, tell_late)
    if math.isfinite(speed):
        return _Input(files, reading, lambda: paced(ReadAhead(reading.items()), speed))
    return _Input(files, reading, lambda: ReadAhead(reading.items()))


def _recognised(file: Source) -> str:
    if file.format is None:
        return "its format is detected when it is read"
    return f"read as {file.format}" + (f", by {file.why}" if file.why else "")


async def _run(
    source: _Input,
    options: IngestOptions,
    connection: Mapping[str, Any],
    topic: str,
    report: Callable[[Rejected | Skipped], None],
    summary: Summary,
    console: Console,
) -> int:
    """Return how many posts were produced, or shown."""
    if options.is_dry_run:
        shown = await preview(source.open(), sys.stdout.buffer.write, report, summary)
        sys.stdout.buffer.flush()
        console.print("; ".join([f"{shown} posts shown, none produced", *_left_out(summary)]))
        return shown
    reading, clock = source.reading, SystemClock()
    sorting = reading.sorting if reading and reading.is_sorted else None

    async def begin(partitions: int, topics: Set[str]) -> None:
        if reading is not None and options.rules is not None:
            rules = options.rules._replace(partitions=partitions)
            partials = options.partials if options.partials in topics else None
            clocks_ms = await clocks_of(connection, topic, partials, rules)
            reading.lateness = Lateness(rules, clock.now_ms(), clocks_ms)

    def closing() -> int | None:
        lateness = reading.lateness if reading else None
        if not options.is_closing or lateness is None or lateness.newest_ms is None:
            return None
        return min(lateness.rules.newest_end_ms(lateness.newest_ms), clock.now_ms())

    async with progress_bar(console, source.files, summary, sorting):
        if options.is_check:
            if reading is not None and options.rules is not None:
                reading.lateness = Lateness(options.rules, clock.now_ms())
            return await check(source.open(), report, summary)
        await ingest(
            source.open(),
            connection=connection,
            topic=topic,
            report=report,
            summary=summary,
            begin=begin,
            closing=closing,
        )
    return summary.produced


def _describe(summary: Summary, checked: Reading | None) -> str:
    rate = summary.produced / summary.seconds if summary.seconds else 0.0
    produced = f"{summary.produced:,} posts produced in {summary.seconds:.1f} s ({rate:,.0f}/s)"
    if checked is not None:
        produced = f"{sum(one.posts for one in checked.files()):,} posts checked, none produced"
    return ("interrupted: " if summary.interrupted else "") + "; ".join([produced, *_left_out(summary)])


def _left_out(summary: Summary) -> Iterator[str]:
    for what, counts in (("rejected", summary.rejected), ("skipped", summary.skipped)):
        if counts:
            yield f"{counts.total():,} {what} ({by_reason(counts)})"
