"""Follow a live source: connect, reconnect, drop duplicates, remember the position."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import aiohttp

from sandik.ingest.escaped import identity
from sandik.ingest.items import Item, Skipped, SkipReason
from sandik.ingest.live.cursor import Cursor, Recent, load, save
from sandik.ingest.live.errors import LostError, same_host_only
from sandik.ingest.produce import Mark
from sandik_schemas.post import Post

FIRST_DELAY_S = 1.0
MAX_DELAY_S = 60.0
#: How often the cursor file is written. Posts produced since then come twice after kill -9.
MARK_EVERY_S = 1.0
#: Events are collected for this long, so that they are sent in batches.
GATHER_S = 0.1
#: Events read ahead while Kafka is slow. Then the server has to wait.
MAX_WAITING = 10_000
MAX_WAITING_CHARACTERS = 16 << 20
MAX_RECENT = 100_000

_Event = tuple[int | None, list[Item]]


class Waiting(asyncio.Queue[_Event]):
    """Events that wait for Kafka, limited in number and text so that they fit into memory."""

    _held = 0

    def full(self) -> bool:
        """Return whether the next event has to wait."""
        return self._held >= MAX_WAITING_CHARACTERS or super().full()

    def _put(self, item: _Event) -> None:
        self._held += _characters(item)
        super()._put(item)

    def _get(self) -> _Event:
        event = super()._get()
        self._held -= _characters(event)
        return event


def _characters(event: _Event) -> int:
    return sum(
        len(item.text) + sum(map(len, item.hashtags)) if isinstance(item, Post) else len(item.detail)
        for item in event[1]
    )


class LiveSource(Protocol):
    """A server to read from. Positions grow; None means an event without one."""

    url: str
    #: The address without secrets.
    shown: str

    def overlap(self, position: int) -> int:
        """Return the position to continue from."""
        ...

    def read(self, session: aiohttp.ClientSession, position: int | None) -> AsyncIterator[_Event]:
        """Yield events from the position on. The first one is empty: the connection is open."""
        ...


@dataclass(frozen=True)
class LiveOptions:
    """How to follow a source. `tell` prints lines: connected, lost, trying again."""

    cursor: Path | None
    change: Callable[[Item], Item]
    tell: Callable[[str], object]
    first_delay_s: float = FIRST_DELAY_S


async def follow(source: LiveSource, options: LiveOptions) -> AsyncIterator[list[Item | Mark]]:
    """Yield the items of the source, each post once, and marks where the cursor file can be written.

    Raises:
        SourceError: the source refuses permanently.
        UsageError: the cursor file cannot be used.
    """
    known_as = identity(source.url)
    cursor = load(options.cursor, known_as, source.url)
    recent = Recent(cursor, MAX_RECENT)
    events = Waiting(MAX_WAITING)
    pumping = asyncio.create_task(_pump(source, cursor.position, events, options))
    position = cursor.position
    marked_s = time.monotonic()
    try:
        while True:
            batch: list[Item | Mark] = []
            for new_position, items in await _gather(events, pumping):
                position = max(position or 0, new_position or 0) or None
                batch += (_once(item, recent, new_position, source.shown, options.change) for item in items)
            yield batch
            if options.cursor is not None and position is not None:
                keys = recent.since(source.overlap(position))
                place = Cursor(known_as, position, keys)
                is_due = time.monotonic() - marked_s >= MARK_EVERY_S
                marked_s = time.monotonic() if is_due else marked_s
                yield [Mark(_saver(options.cursor, place), is_due)]
            yield []
            await asyncio.sleep(GATHER_S)
    finally:
        pumping.cancel()
        with suppress(asyncio.CancelledError, Exception):
            await pumping


def _once(
    item: Item, recent: Recent, position: int | None, shown: str, change: Callable[[Item], Item]
) -> Item:
    # First, so that neither reports nor the cursor file contain original ids.
    item = change(item)
    if not isinstance(item, Post):
        return item._replace(where=item.where or shown)
    if not recent.is_new(item, position):
        return Skipped(SkipReason.DUPLICATE, "", item.id)
    return item


def _saver(path: Path, place: Cursor) -> Callable[[], None]:
    return lambda: save(path, place)


async def _gather(events: Waiting, pumping: asyncio.Task[None]) -> list[_Event]:
    """Return the events that arrived, at least one. Raises the pump's error, after the events before it."""
    if events.empty():
        getting = asyncio.ensure_future(events.get())
        await asyncio.wait([getting, pumping], return_when=asyncio.FIRST_COMPLETED)
        if not getting.done():
            getting.cancel()
            pumping.result()
        gathered = [await getting]
    else:
        gathered = []
    while not events.empty():
        gathered.append(events.get_nowait())
    return gathered


async def _pump(source: LiveSource, position: int | None, events: Waiting, options: LiveOptions) -> None:
    """Put the events into the queue, connecting again and again."""
    delay_s = options.first_delay_s
    async with aiohttp.ClientSession(trace_configs=[same_host_only()], auto_decompress=False) as session:
        while True:
            try:
                async with aclosing(source.read(session, position)) as reading:  # type: ignore[type-var]
                    await anext(reading)
                    options.tell(
                        f"{source.shown}: connected" + (f", going on from {position}" if position else "")
                    )
                    async for event in reading:
                        delay_s = options.first_delay_s
                        position = max(position or 0, event[0] or 0) or None
                        await events.put(event)
            except LostError as error:
                options.tell(f"{source.shown}: {error}; trying again in {delay_s:g} s")
                await asyncio.sleep(delay_s)
                delay_s = min(delay_s * 2, MAX_DELAY_S)
