"""Measure the dashboard with a month of minutes in twenty languages and 120 listeners.

`python -m tests.page.measure [DAYS]`; docs/dashboard.md says what came out. It takes 2 GB
of disk and some minutes. `python -m tests.page.measure answers [DAYS]` measures in processor time, which
is the same on a busy machine: what the answers to a choice of filter cost; `choices` from the choice in a
browser to the new chart, and the processor time of the page's own thread.
"""

import asyncio
import os
import random
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import aiohttp
import msgspec
import psutil
from aiokafka import AIOKafkaProducer
from playwright.async_api import CDPSession

from sandik.broker import EmbeddedKafka
from sandik.clock import SystemClock
from sandik.dashboard.service import Board
from sandik.dashboard.web import create_web
from sandik.figures.rollup import Query
from sandik.kafka.topics import COUNTS, all_topics, create
from sandik.settings import Settings
from sandik_schemas.count import Count
from tests.dashboard.builders import a_count
from tests.page.browser import chromium, dashboard, looking, write_counts
from tests.support.kafka import wait_until
from tests.support.web import serving

LANGUAGES = "tr ru en uk az ku ar de fr es it nl pl ro bg el fa he ka und".split()  # noqa: SIM905 - readable
TAGS = ("all", "election", "deepfake", "both")
#: As many as one dashboard has places for, and some left for others.
LISTENERS = 120
ROUNDS = 20


def a_month(minutes: int) -> Iterator[Count]:
    """Yield the final counts of so many minutes."""
    chance = random.Random(1)
    for minute in range(minutes):
        for place, language in enumerate(LANGUAGES):
            all_ = chance.randrange(200 // (place + 1) + 2)
            for tag, part in zip(TAGS, (1, 4, 12, 30), strict=True):
                yield a_count(tag, language, minute=minute, count=all_ // part, is_final=True, revision=3)


async def fill(settings: Settings, minutes: int) -> int:
    """Write them to `counts`; return how many records that are."""
    options = {"max_batch_size": 1 << 19, "linger_ms": 50}
    records = 0
    async with AIOKafkaProducer(bootstrap_servers=settings.broker, **options) as producer:
        for count in a_month(minutes):
            value, at_ms = msgspec.json.encode(count), count.window_start_ms
            await producer.send(settings.topic(COUNTS), value, count.key, 0, at_ms)
            records += 1
    return records


def resident_mb(url: str) -> int:
    """Return the memory of the process that listens at the address."""
    port = int(url.rstrip("/").rpartition(":")[2])
    for one in psutil.net_connections("tcp"):
        if one.status == psutil.CONN_LISTEN and one.laddr.port == port:
            return int(psutil.Process(one.pid).memory_info().rss) // (1 << 20)
    raise SystemExit("the dashboard is gone")


async def loaded(url: str) -> float:
    """Return after how many seconds all that was there is read."""
    start_s = time.monotonic()
    async with aiohttp.ClientSession() as session:
        while True:
            async with session.get(url + "api/status") as response:
                status = await response.json()
            if status["counts"]["state"] == "live":
                return time.monotonic() - start_s
            await asyncio.sleep(0.5)


async def listen(session: aiohttp.ClientSession, url: str, arrivals: list[float]) -> None:
    """Note when the connection stands, and when each event with rows arrives."""
    async with session.get(url + "api/stream", params={"language": "*,tr,ru,en,uk"}) as response:
        response.raise_for_status()
        arrivals.append(time.monotonic())
        async for line in response.content:
            if line == b"event: rows\n":
                arrivals.append(time.monotonic())


async def first_paint(url: str, query: str) -> dict[str, float]:
    """Return when the browser first painted words, and when figures and charts were there, ms."""
    async with chromium() as browser, looking(browser, url + query) as page:
        await page.locator("body[data-ready]").wait_for()
        found: dict[str, float] = await page.evaluate(PAINTS)
    return found


PAINTS = """() => {
  const [answer] = performance.getEntriesByType("resource").filter((one) => one.name.includes("/api/counts"));
  return {
    words_ms: Math.round(performance.getEntriesByName("first-contentful-paint")[0].startTime),
    figures_ms: Math.round(performance.getEntriesByName("figures")[0].startTime),
    rows_kb: Math.round(answer.transferSize / 1024),
  };
}"""


async def measure(days: float) -> None:
    """Print what is measured as it comes."""
    # Another environment than the tests have: or the dashboard would be a copy, with their memory.
    os.environ["PYTHONUNBUFFERED"] = "yes"
    with TemporaryDirectory() as folder, EmbeddedKafka(Path(folder) / "kafka") as kafka:
        settings = Settings(broker=kafka.bootstrap_servers, partitions=1)
        await create(settings, all_topics(settings))
        minutes = int(days * 1_440)
        records = await fill(settings, minutes)
        with dashboard(settings) as url:
            say(f"empty: {resident_mb(url)} MB; load {os.getloadavg()[0]:.0f}")
            say(f"{records:,} records read in {await loaded(url):.1f} s; {resident_mb(url)} MB")
            for query in ("", "?span=month", "?span=all&rollup=hour"):
                say(f"page {query or '(last 24 h)'}: {await first_paint(url, query)}")
            arrivals: list[list[float]] = [[] for _ in range(LISTENERS)]
            async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
                listening = [asyncio.create_task(listen(session, url, one)) for one in arrivals]
                await wait_until(partial(all, arrivals), 60, "all listeners are there")
                delays = []
                for minute in range(minutes, minutes + ROUNDS):
                    counts = [a_count(tag, code, minute=minute) for code in LANGUAGES for tag in TAGS]
                    before = [len(one) for one in arrivals]
                    await write_counts(settings, counts)
                    written_s = time.monotonic()
                    await wait_until(partial(is_told, arrivals, before), 60, "all listeners are told")
                    delays.append(time.monotonic() - written_s)
                say(
                    f"{LISTENERS} listeners: the last has a change after {sorted(delays)[ROUNDS // 2]:.2f} s "
                    f"(median of {ROUNDS}; worst {max(delays):.2f} s); {resident_mb(url)} MB"
                )
                say(f"page beside them: {await first_paint(url, '')}; load {os.getloadavg()[0]:.0f}")
                for task in listening:
                    task.cancel()


#: What is chosen, and its roll-up on the page: the whole month, or a day of it.
CHOICES: dict[str, tuple[int, dict[str, Any]]] = {
    "a month by hour": (60, {}),
    "a month by 6 hours": (360, {}),
    "a day by 5 minutes": (5, {"span_ms": 86_400_000}),
    "a month by 6 hours, two languages": (360, {"among": frozenset({"tr", "ru"})}),
}


def filled(days: float) -> Board:
    """Return a board that has read the counts of so many days."""
    board = Board(Settings(broker="127.0.0.1:1"), SystemClock(), from_ms=None, hides_texts=True, tell=say)
    board.model.add(a_month(int(days * 1_440)), 0)
    board.counts.link.state = "live"
    return board


async def choices(days: float) -> None:
    """Print what each choice takes until the new lead chart is there, and of the page's own thread in all."""
    board, stopping = filled(days), asyncio.Event()
    app = create_web(board, origins=frozenset(), is_local=True, streams=4, stopping=stopping)
    async with serving(app) as url, chromium() as browser, looking(browser, f"{url}/?span=month") as page:
        await page.locator("body[data-ready]").wait_for()
        session = await page.context.new_cdp_session(page)
        await session.send("Performance.enable", {"timeDomain": "threadTicks"})
        for name, what in PAGE_CHOICES.items():
            await page.wait_for_timeout(2_000)  # until nothing is left to draw
            before = await busy_ms(session)
            took_ms = await page.evaluate(CHOICE, what)
            drawn = await busy_ms(session)
            await page.wait_for_timeout(2_000)
            after = await busy_ms(session)
            say(
                f"{name}: new chart after {took_ms:.0f} ms; the thread of the page {drawn - before:.0f} ms, "
                f"{after - before:.0f} ms with lists and small charts"
            )


async def busy_ms(session: CDPSession) -> float:
    """Return the processor time of the page's thread in tasks so far."""
    metrics = (await session.send("Performance.getMetrics"))["metrics"]
    return next(1_000 * float(one["value"]) for one in metrics if one["name"] == "TaskDuration")


#: Selectors and values.
PAGE_CHOICES = {
    "last 7 days": ["#span", "week"],
    "last 30 days again": ["#span", "month"],
    "election of all posts": ["#share", "election"],
    "the pair again": ["#share", "both"],
    "by day": ["#rollup", "day"],
    "by hour": ["#rollup", "hour"],
    "last 24 hours": ["#span", "day"],
    "one language": ["#languages input[data-value=ru]", None],
}
#: Choose, and return when the lead chart with the new rows has been painted, ms.
CHOICE = """([selector, value]) => new Promise((done) => {
  const element = document.querySelector(selector), start = performance.now();
  const isNew = ({ name, startTime }) => name.includes("/api/counts") && startTime >= start;
  const painted = () => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => done(performance.now() - start);
    port2.postMessage(null);
  };
  const observer = new MutationObserver(() => {
    if (!performance.getEntriesByType("resource").some(isNew)) return;
    observer.disconnect();
    requestAnimationFrame(painted);
  });
  observer.observe(document.querySelector("#lead-chart .plot"), { childList: true });
  performance.setResourceTimingBufferSize(10_000);
  if (value === null) element.click();
  else { element.value = value; element.dispatchEvent(new Event("change")); }
})"""


def answers(days: float) -> None:
    """Print what each answer costs to make, the sums of hours being kept."""
    board = filled(days)
    lead, shown = frozenset(("*",)), frozenset(("*", *LANGUAGES[:6]))
    for name, (minutes, asked) in CHOICES.items():
        query = Query(minutes * 60_000, **asked)
        panels = query._replace(rollup_ms=86_400_000 if "month" in name else 3_600_000)
        costs = {
            "headline": partial(board.headline_answer, query),
            "lead": partial(board.counts_answer, query._replace(languages=lead)),
            "rows": partial(board.counts_answer, query._replace(languages=shown)),
            "where": partial(board.where_answer, panels, "language", 6),
        }
        told = {part: cost_ms(board, make) for part, make in costs.items()}
        say(f"{name}: {told}, together {sum(told.values())} ms")


def cost_ms(board: Board, make: Callable[[], bytes]) -> int:
    """Return the processor time of a call, the least of some: other work on the machine only adds to it."""
    found = []
    for _ in range(7):
        board._kept.clear()  # what is measured is the making, not the keeping
        start_s = time.process_time()
        make()
        found.append(time.process_time() - start_s)
    return round(1_000 * min(found))


def is_told(arrivals: list[list[float]], known: list[int]) -> bool:
    """Say whether every listener has an event more than it had."""
    return all(len(one) > before for one, before in zip(arrivals, known, strict=True))


def say(line: str) -> None:
    """Print a line at once."""
    print(line, flush=True)  # noqa: T201


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["choices", *days]:
            asyncio.run(choices(float(days[0]) if days else 30))
        case ["answers", *days]:
            answers(float(days[0]) if days else 30)
        case days:
            asyncio.run(measure(float(days[0]) if days else 30))
