"""A real Chromium, and a dashboard of its own for it to look at."""

import shutil
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from tempfile import TemporaryFile
from typing import IO, Any

import msgspec
import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, async_playwright, expect

from sandik.kafka.control_topic import write_control
from sandik.kafka.topics import COUNTS, COUNTS_SOURCES, all_topics, create
from sandik.settings import Settings
from sandik_schemas.control import Run
from sandik_schemas.count import Count
from tests.support.command import start_sandik
from tests.support.kafka import produce
from tests.support.workers import environment

#: Only a hang takes so long.
DEADLINE_MS = 60_000
expect.set_options(timeout=DEADLINE_MS)


@contextmanager
def dashboard(settings: Settings, *options: str, port: int = 0) -> Iterator[str]:
    """Run `sandik dashboard` and lend its address."""
    with (
        TemporaryFile() as log,
        start_sandik(
            "dashboard", "--port", str(port), *options, environment=environment(settings), stderr=log
        ) as process,
    ):
        try:
            assert process.stdout is not None
            line = process.stdout.readline().decode().strip()
            assert line, _text(log)
            yield line
        finally:
            process.terminate()
            assert process.wait(30) == 0, _text(log)


def _text(log: IO[bytes]) -> str:
    log.seek(0)
    return log.read().decode()


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """Run a Chromium. Skips the test where there is none.

    A page costs its headless shell less than half of what it costs the whole browser; the engine is the same.
    """
    executable = shutil.which("chromium-headless-shell") or shutil.which("chromium")
    if executable is None:
        pytest.skip("needs a browser: apt-get install chromium (`make test` does it, as root on Debian)")
    async with async_playwright() as playwright:
        # The sandbox needs rights that a container does not have.
        browser = await playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            await browser.close()


@asynccontextmanager
async def looking(browser: Browser, url: str, **options: Any) -> AsyncIterator[Page]:
    """Open the address as a new reader; fail if the page itself has an error or breaks its own policy."""
    problems: list[str] = []
    page = await browser.new_page(**{"locale": "en-GB", "timezone_id": "UTC", **options})
    page.set_default_timeout(DEADLINE_MS)
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda message: problems.append(message.text) if _is_bad(message.text) else None)
    page.on("dialog", lambda dialog: problems.append(f"a dialog: {dialog.message}"))
    try:
        await page.goto(url)
        yield page
    finally:
        await page.close()
    assert problems == []


_FIGURES = """() => [...document.querySelectorAll("#table tbody tr")]
  .map((row) => [...row.cells].map((cell) => cell.textContent))"""


@asynccontextmanager
async def seeing(
    browser: Browser, settings: Settings, query: str = "", *options: str, **reader: Any
) -> AsyncIterator[Page]:
    """Open a dashboard of one's own."""
    with dashboard(settings, *options) as url:
        async with looking(browser, url + query, **reader) as page:
            yield page


def _is_bad(line: str) -> bool:
    return "Content Security Policy" in line or "Uncaught" in line


async def write_counts(settings: Settings, counts: Iterable[Count]) -> None:
    """Write counts as merge does."""
    records = [(count.key, msgspec.json.encode(count), None, count.window_start_ms) for count in counts]
    await produce(settings.broker, settings.topic(COUNTS), records)


async def write_sources(settings: Settings, counts: Iterable[Count]) -> None:
    """Make the topics of a run that counts by source, and write such counts and their sums as merge does."""
    await create(settings, all_topics(settings))
    run = Run("r", "g", 1, "counting", {"sources": settings.sources}, [0], 0)
    await write_control(settings, run)
    by_cell: dict[tuple[int, str, str], list[Count]] = {}
    for one in counts:
        by_cell.setdefault((one.window_start_ms, one.language, one.tag), []).append(one)
    sums = [
        msgspec.structs.replace(some[0], source=None, count=sum(one.count for one in some))
        for some in by_cell.values()
    ]
    await write_counts(settings, sums)
    records = [
        (one.key, msgspec.json.encode(one), None, one.window_start_ms)
        for some in by_cell.values()
        for one in some
    ]
    await produce(settings.broker, settings.topic(COUNTS_SOURCES), records)


async def figures(page: Page) -> list[list[str]]:
    """Return the table of figures, row by row, once it has one: the page asks for it after the chart."""
    await page.locator("#table tbody tr").first.wait_for(state="attached")
    found: list[list[str]] = await page.evaluate(_FIGURES)
    return found


async def faults(page: Page) -> list[tuple[str, list[str]]]:
    """Return what axe finds, of any impact, with where."""
    found = await Axe().run(page)
    return [(one["id"], [node["html"] for node in one["nodes"]]) for one in found.response["violations"]]


async def shows(page: Page, selector: str, text: str) -> None:
    """Return when an element of that selector has the text."""
    await page.locator(selector).filter(has_text=text).first.wait_for(state="attached")
