"""Iterate on a thread, so that a slow pipe does not delay the delivery of earlier posts."""

import asyncio
import threading
from collections import deque
from collections.abc import AsyncIterator, Iterable
from contextlib import suppress
from typing import Generic, TypeVar

T = TypeVar("T")


class ReadAhead(Generic[T]):
    """The items of `source`, in order, in lists of the items read so far.

    A daemon thread reads at most `limit` items ahead. An empty list means that there are no more items at the
    moment. An error of the source is raised after the items before it. The thread is a daemon, because it
    cannot be woken from reading a silent pipe; at Ctrl-C the process ends without it.
    """

    def __init__(self, source: Iterable[T], limit: int = 10_000) -> None:
        self._source = source
        self._limit = limit
        self._items: deque[T] = deque()
        self._error: Exception | None = None
        self._done = False
        self._announced = False
        self._closed = False
        self._room = threading.Event()
        self._ready = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    async def __aiter__(self) -> AsyncIterator[list[T]]:
        threading.Thread(target=self._read, name="ingest-read", daemon=True).start()
        try:
            while True:
                if not self._ready.is_set():
                    yield []
                    await self._ready.wait()
                self._ready.clear()
                self._announced = False  # before taking: items appended from here on are announced again
                done = self._done  # before taking: nothing is appended after it is set
                yield self._take()
                self._room.set()
                if done:
                    break
        finally:
            self._closed = True
            self._room.set()
        if self._error is not None:
            raise self._error

    def _take(self) -> list[T]:
        take = self._items.popleft
        return [take() for _ in range(len(self._items))]

    def _read(self) -> None:
        try:
            for item in self._source:
                self._items.append(item)
                if not self._announced:
                    self._announce()
                if len(self._items) >= self._limit:
                    self._wait_for_room()
                if self._closed:
                    return
        except Exception as error:  # noqa: BLE001 - raised again where the items are taken
            self._error = error
        self._done = True
        self._announce()

    def _announce(self) -> None:
        self._announced = True
        with suppress(RuntimeError):  # the loop is closed: the command has ended
            self._loop.call_soon_threadsafe(self._ready.set)

    def _wait_for_room(self) -> None:
        while len(self._items) >= self._limit and not self._closed:
            self._room.clear()
            if len(self._items) >= self._limit and not self._closed:
                self._room.wait()
