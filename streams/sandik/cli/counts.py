"""`sandik counts`: the output topic as a table or as JSON lines."""

import asyncio
import sys
from collections.abc import Iterable, Iterator
from contextlib import aclosing, nullcontext
from typing import Literal, NamedTuple

import msgspec
from aiokafka import ConsumerRecord
from rich import box
from rich.console import Console
from rich.live import Live
from rich.table import Table

from sandik.cli.counts_query import EVERYTHING, Filter, Seen
from sandik.counting.newest import LatestCounts
from sandik.errors import UsageError
from sandik.kafka.pairs_in_force import in_order, pairs_in_force
from sandik.kafka.reader import read
from sandik.kafka.topics import COUNTS, COUNTS_HOPPING, COUNTS_SESSIONS, COUNTS_SOURCES, partitions_or_none
from sandik.printing import WhileRead, print_json
from sandik.settings import Settings
from sandik_schemas.count import CellKey, Count
from sandik_schemas.languages import is_of
from sandik_schemas.pair import Pair

Windows = Literal["tumbling", "hopping", "sessions"]
By = Literal["language", "source"]
TOPICS: dict[Windows, str] = {"tumbling": COUNTS, "hopping": COUNTS_HOPPING, "sessions": COUNTS_SESSIONS}
#: The settings that make workers write them. Tumbling windows are always written.
_WRITTEN_WITH: dict[Windows, str] = {
    "hopping": "SANDIK_HOPPING_SIZE_MS and SANDIK_HOPPING_ADVANCE_MS",
    "sessions": "SANDIK_SESSION_GAP_MS",
}

_decoder = msgspec.json.Decoder(Count)


class Row(NamedTuple):
    """One window, and one language or source: its counts by tag."""

    window_start: str
    window_end: str
    name: str
    counts: dict[str, Count]

    def count(self, tag: str) -> int:
        """Return the number of posts with the tag, 0 without a cell."""
        cell = self.counts.get(tag)
        return cell.count if cell else 0

    @property
    def is_final(self) -> bool:
        """Return whether the watermark has passed the window."""
        return all(count.is_final for count in self.counts.values())


class Latest(LatestCounts):
    """The newest record of each cell, as rows of a table."""

    def rows(
        self,
        last_windows: int | None = None,
        tags: frozenset[str] = frozenset(),
        languages: frozenset[str] = frozenset(),
        by: By = "language",
    ) -> Iterator[Row]:
        """Yield a row per language of the newest windows: oldest windows first, then most posts first.

        With `tags`, only windows and languages with one of them. With `languages`, a row per language; a post
        of two languages is in both rows. Without, it has its own row, such as `ru+tr`. By source, a row per
        source has all its posts once.
        """
        windows: dict[tuple[int, int], dict[str, dict[str, Count]]] = {}
        for count in self._cells.values():
            # With its end: runs of other window sizes may have written to the same topic.
            window = count.window_start_ms, count.window_end_ms
            for name in [count.source or ""] if by == "source" else _row_languages(count.language, languages):
                cells = windows.setdefault(window, {}).setdefault(name, {})
                cells[count.tag] = _sum(cells[count.tag], count) if count.tag in cells else count
        if tags:
            windows = {
                window: shown
                for window, by_name in windows.items()
                if (shown := {code: cells for code, cells in by_name.items() if not tags.isdisjoint(cells)})
            }
        newest = sorted(windows)[-last_windows:] if last_windows else sorted(windows)
        for window in newest:
            by_name = windows[window]
            for name in sorted(by_name, key=lambda one: (-_most(by_name[one]), one)):
                cells = by_name[name]
                one = next(iter(cells.values()))
                yield Row(one.window_start, one.window_end, name, cells)


def table(
    latest: Latest,
    last_windows: int,
    wanted: Filter = EVERYTHING,
    *,
    with_ends: bool = False,
    by: By = "language",
) -> Table:
    """Return the table of the newest windows. `with_ends`: window sizes differ.

    Each pair has a column with its share, such as: of the posts about the election, those about deepfakes
    too.
    """
    tags, pairs = wanted.tags, wanted.pairs
    rows = list(latest.rows(last_windows, tags, wanted.languages, by))
    found = {tag for row in rows for tag in row.counts if not tags or tag in tags}
    shown = in_order(found, pairs)
    shares = [pair for pair in pairs if pair.name in found]
    view = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    view.add_column("window (UTC)", no_wrap=True)
    if with_ends:
        view.add_column("until", no_wrap=True)
    view.add_column(by, no_wrap=True)
    columns = (*shown, *(f"{pair.name} %" for pair in shares), "late")
    for title in columns:
        view.add_column(title, justify="right", no_wrap=True)
    view.add_column("state", no_wrap=True)
    before = None
    for row in rows:
        late = max(count.late_count for count in row.counts.values())
        view.add_row(
            _short(row.window_start) if row.window_start != before else "",
            *([_short(row.window_end)] if with_ends else []),
            row.name,
            *(str(row.count(tag) or "") for tag in shown),
            *(_share(row, pair) for pair in shares),
            str(late or ""),
            "final" if row.is_final else "current",
            style=None if row.is_final else "dim",
        )
        before = row.window_start
    return view


def _check_is_there(settings: Settings, topic: str, what: str, advice: str) -> None:
    if asyncio.run(partitions_or_none(settings, topic)) is None:
        raise UsageError(f"{what}: there is no topic {topic}. Run the workers with {advice}")


def run_counts(
    settings: Settings, wanted: Filter, windows: Windows, by: By, *, json: bool, once: bool, last: int
) -> None:
    """Show the counts until it is interrupted, or with `once` what is there now.

    Raises:
        UsageError: sources are requested and not counted, or a name is not in the topic.
        SandikError: Kafka or the topic is unavailable.
    """
    topic = settings.topic(TOPICS[windows])
    if wanted.sources or by == "source":
        if windows != "tumbling":
            raise UsageError("hopping windows and sessions are not counted by source: leave out --windows")
        topic = settings.topic(COUNTS_SOURCES)
        advice = "SANDIK_SOURCES=telegram,x, or count by it in a replay: sandik replay --sources"
        _check_is_there(settings, topic, "no source is counted apart", advice)
    if windows in _WRITTEN_WITH:
        _check_is_there(settings, topic, f"no {windows} are written", _WRITTEN_WITH[windows])
    if json:
        show = (_latest_lines if once else _lines)(settings, topic, wanted)
    else:
        show = _table(settings, topic, wanted, by, once=once, last=last, with_ends=windows != "tumbling")
    with WhileRead():
        asyncio.run(show)


async def _lines(settings: Settings, topic: str, wanted: Filter) -> None:
    wanted = wanted._replace(pairs=await pairs_in_force(settings))
    seen = Seen(topic, wanted)
    async with aclosing(read(settings, topic, follow=True, tells_end=True)) as batches:
        async for records in batches:
            if not records:
                seen.check()
            for record, count in _readable(records, seen):
                if count is None:
                    if line := _taken_back(record.key, wanted):
                        sys.stdout.buffer.write(line + b"\n")
                elif wanted.takes(count):
                    sys.stdout.buffer.write(record.value + b"\n")
            sys.stdout.buffer.flush()


def _taken_back(key: bytes, wanted: Filter) -> bytes | None:
    """Return the line for a deleted cell, if it is wanted."""
    cell = CellKey.parse(key)
    if cell is None or not wanted.takes_cell(cell.window_start_ms, cell.language, cell.tag, cell.source):
        return None
    known = {name: value for name, value in cell._asdict().items() if value is not None}
    return msgspec.json.encode({**known, "is_deleted": True})


async def _latest_lines(settings: Settings, topic: str, wanted: Filter) -> None:
    wanted = wanted._replace(pairs=await pairs_in_force(settings))
    latest, seen = Latest(), Seen(topic, wanted)
    async with aclosing(read(settings, topic, follow=False)) as batches:
        async for records in batches:
            for record, count in _readable(records, seen):
                latest.add(record.key, count)
    seen.check()
    seen.tell_why_nothing()
    for count in filter(wanted.takes, latest.counts()):
        print_json(count)


async def _table(
    settings: Settings, topic: str, wanted: Filter, by: By, *, once: bool, last: int, with_ends: bool
) -> None:
    console = _console()
    is_live = console.is_terminal and not once
    wanted = wanted._replace(pairs=await pairs_in_force(settings))
    latest, seen = Latest(), Seen(topic, wanted)

    def shown() -> Table:
        return table(latest, last, wanted, with_ends=with_ends, by=by)

    async with aclosing(read(settings, topic, follow=not once, tells_end=not once)) as batches:
        with Live(console=console, auto_refresh=False) if is_live else nullcontext() as live:
            async for records in batches:
                for record, count in _readable(records, seen):
                    if count is None or wanted.needs(count):
                        latest.add(record.key, count)
                if not records:
                    seen.check()
                if live:
                    live.update(shown(), refresh=True)
                elif not once:  # no terminal to redraw: a table whenever something has changed
                    console.print(shown())
    if once:
        seen.check()
        console.print(shown())
        seen.tell_why_nothing()


def _readable(records: Iterable[ConsumerRecord], seen: Seen) -> Iterator[tuple[ConsumerRecord, Count | None]]:
    """Yield each record with its count, None where the cell was deleted."""
    for record in records:
        try:
            count = None if record.value is None else _decoder.decode(record.value)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            where = f"topic {record.topic}, partition {record.partition}, offset {record.offset}"
            sys.stderr.write(f"{where}: not a count: {error}\n")
            continue
        if count:
            seen.add(count)
        yield record, count


class _Pipe(Console):
    def on_broken_pipe(self) -> None:
        raise BrokenPipeError  # rich would end the process with exit code 1


def _console() -> Console:
    console = _Pipe()
    if not console.is_terminal:
        console.width = 120  # a file has no edge to cut the table at
    return console


def _share(row: Row, pair: Pair) -> str:
    both, base = row.count(pair.name), row.count(pair.base)
    return f"{both / base:.0%}" if both and base else ""


def _short(window_start: str) -> str:
    return window_start.removesuffix("Z").removesuffix(":00").replace("T", " ")


def _row_languages(language: str, wanted: frozenset[str]) -> Iterable[str]:
    return [one for one in wanted if is_of(language, one)] if wanted else [language]


def _sum(one: Count, other: Count) -> Count:
    """Return the sum of both, for the fields in the table."""
    return msgspec.structs.replace(
        one,
        count=one.count + other.count,
        late_count=one.late_count + other.late_count,
        is_final=one.is_final and other.is_final,
    )


def _most(cells: dict[str, Count]) -> int:
    return max(count.count for count in cells.values())
