"""The `up` that owns its data directory: it starts what is missing, and watches until it is cancelled."""

import asyncio
import os
import sys
import time
import webbrowser
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from threading import Thread

from sandik.broker import probe
from sandik.broker.jars import are_cached
from sandik.errors import SandikError, UsageError
from sandik.settings import Settings
from sandik.up import children
from sandik.up.data_dir import Home, Running
from sandik.up.ingest import Reader
from sandik.up.processes import READY, STARTING, Crew
from sandik.up.request import Request
from sandik.up.status_line import Shown
from sandik.up.worker_status import Numbers, look, page_answers, worker_state

#: Where people look for it.
USUAL_PAGE_PORT = 8080
#: The first time, Kafka's jars are fetched before it starts. What goes wrong with that, it says itself.
_KAFKA_STARTS_S = 3_600.0
_LOOK_EVERY_S = 1.0
_OWN_KAFKA = "own Kafka"


@dataclass(frozen=True)
class Choice:
    """What was chosen. `broker` is None for one of ours; a port is None for any that is free."""

    settings: Settings
    broker: str | None = None
    page_port: int | None = None
    ops_port: int | None = None
    reads_again: bool = False
    opens_page: bool = False

    @property
    def where(self) -> str:
        """What tells the topics that are written to from all others."""
        return f"{self.broker or _OWN_KAFKA} {self.settings.topic_prefix}"


class First:
    """One `up`. `exit_code` is what the command ends with when it is stopped."""

    def __init__(self, home: Home, request: Request, choice: Choice, shown: Shown) -> None:
        self._home, self._choice, self._shown = home, choice, shown
        self._request = request
        self.exit_code = 0

    async def run(self) -> None:
        """Run until cancelled. All processes are gone when it returns.

        Raises:
            SandikError: one of them ended, and a restart would not help.
        """
        with await self._home.vacated() as lock:
            found = self._home.broker_port()
            port = None if self._choice.broker or found else _free(self._home.last_broker_port())
            running = Running(
                pid=os.getpid(),
                broker=self._choice.broker or f"{probe.HOST}:{found or port}",
                topic_prefix=self._choice.settings.topic_prefix,
                owns_broker=port is not None,
                where=self._choice.where,
                ops_port=self._choice.ops_port or probe.free_port(besides=port or 0),
            )
            self._home.tell(running)
            crew = Crew(self._home, self._shown, [lock.fileno()])
            try:
                async with _together() as group:
                    await self._start(group, crew, running, port)
            finally:
                await crew.end()
                if port is not None:
                    await self._home.broker_gone()
                self._home.forget()

    async def _start(
        self, group: asyncio.TaskGroup, crew: Crew, running: Running, kafka_port: int | None
    ) -> None:
        """Start everything, each as soon as it can be, and return when only the source may still be read."""
        page_port = _page_port(self._choice.page_port)
        reader = Reader(self._home, crew, self._shown, self._request, self._choice.where)
        for name in filter(None, (children.KAFKA, children.WORKER, children.PAGE, reader.name)):
            crew.status.states[name] = "waits"
        topics = children.topics(running.broker, _KAFKA_STARTS_S if kafka_port else 0.0)
        if kafka_port is None:
            crew.show(children.KAFKA, f"at {running.broker}")
        else:
            job = children.kafka(kafka_port, str(self._home.kafka))
            crew.show(children.KAFKA, STARTING)
            group.create_task(crew.keep(job, lambda: _kafka_serves(kafka_port), lambda: None))
        group.create_task(self._shown.follow(crew.status))
        if exit_code := await crew.run(topics):
            raise SandikError(crew.obituary(children.TOPICS, exit_code))
        self._shown.say(f"For other commands: export SANDIK_BROKER={running.broker}")
        worker = children.worker(running.broker, running.ops_port, str(self._home.worker))
        group.create_task(crew.keep(worker, lambda: _worker_serves(running.ops_port), lambda: None))
        page = children.page(running.broker, page_port)
        group.create_task(
            crew.keep(page, lambda: _page_serves(page_port), lambda: self._tell_page(running, page_port))
        )
        group.create_task(self._watch(crew, reader, running.ops_port))
        if not self._choice.reads_again:
            reader.leave_out_known()
        if reader.request.sources:
            self.exit_code = await reader.read(running.broker)

    def _tell_page(self, running: Running, port: int) -> None:
        address = f"http://{probe.HOST}:{port}/"
        if running.page is None:  # once, even after restarts
            self._shown.clear()
            sys.stdout.write(f"{address}\n")
            sys.stdout.flush()
            if self._choice.opens_page:  # some browsers return only when they are closed
                Thread(target=webbrowser.open, args=(address,), daemon=True).start()
        running.page = address
        self._home.tell(running)

    async def _watch(self, crew: Crew, reader: Reader, ops_port: int) -> None:
        """Show what the worker counts until cancelled."""
        before, before_s = None, 0.0
        while True:
            numbers, now_s = await asyncio.to_thread(look, ops_port), time.monotonic()
            status = crew.status
            status.per_s = _rate(before, numbers, now_s - before_s)
            status.numbers = numbers or status.numbers
            is_counting = status.states[children.WORKER] == READY and numbers is not None
            status.is_settled = is_counting and reader.is_read and _is_idle(before, numbers, reader.produced)
            before, before_s = numbers, now_s
            await asyncio.sleep(_LOOK_EVERY_S)


def _rate(before: Numbers | None, now: Numbers | None, seconds: float) -> float | None:
    if before is None or now is None or seconds <= 0 or now.read < before.read:
        return None
    return (now.read - before.read) / seconds


def _is_idle(before: Numbers | None, now: Numbers | None, produced: int) -> bool:
    """Return whether nothing was left to count for as long as from one look to the next.

    One look is not enough: a worker knows of what is new only by its next fetch.
    """
    if before is None or now is None or (produced and not now.read):
        return False
    return before.waiting == now.waiting == 0 and before.read == now.read


def _free(wanted: int | None) -> int:
    return wanted if wanted and probe.is_free(wanted) else probe.free_port()


def _page_port(wanted: int | None) -> int:
    """Return a port that is free: another page would answer on one that is not, and be taken for this one."""
    if wanted and not probe.is_free(wanted):
        raise UsageError(
            f"port {wanted} is taken: name another one with --port, or leave it out for a free one"
        )
    return wanted or _free(USUAL_PAGE_PORT)


async def _kafka_serves(port: int) -> str | None:
    if await asyncio.to_thread(probe.serves_kafka, port):
        return None
    return STARTING if are_cached() else "fetching its jars (45 MB, once)"


async def _worker_serves(ops_port: int) -> str | None:
    is_ready, state = await asyncio.to_thread(worker_state, ops_port)
    return None if is_ready else "starting" if state == "rebalancing" else state  # with itself alone


async def _page_serves(port: int) -> str | None:
    return None if await asyncio.to_thread(page_answers, port) else STARTING


@asynccontextmanager
async def _together() -> AsyncIterator[asyncio.TaskGroup]:
    """Lend a group of tasks that ends with the first error of any of them, and raises that alone."""
    try:
        async with asyncio.TaskGroup() as group:
            yield group
    except BaseExceptionGroup as errors:
        first: BaseException = errors
        while isinstance(first, BaseExceptionGroup):
            first = first.exceptions[0]
        raise first from None
