"""Take pictures of every state of the page, at three widths, light and dark, to be looked at.

`python -m tests.page.gallery FOLDER [STATE...]` does all of it: Kafka, counts, the page.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from playwright.async_api import Page, Route

from sandik.broker import EmbeddedKafka
from sandik.kafka.topics import all_topics, create
from sandik.settings import Settings
from tests.page.browser import chromium, dashboard, looking
from tests.page.evening import BEGIN_MS, ISTANBUL, NOTES, QUERY, SETTINGS, count_evening
from tests.page.scenes import LAST_HOUR, write_an_hour
from tests.page.test_access import TROUBLES
from tests.support.kafka import unique_prefix

WIDTHS = {"wide": (1_440, 900), "middle": (1_024, 800), "phone": (390, 844)}


def told(news: dict[str, Any]) -> Callable[[Page], Awaitable[None]]:
    """Return what lets the page be told this news of the status, and nothing more."""

    async def answer(route: Route) -> None:
        found = await route.fetch()
        await route.fulfill(response=found, json=await found.json() | news)

    async def prepare(page: Page) -> None:
        await page.route("**/api/status", answer)
        await page.route("**/api/stream?*", lambda route: route.abort())
        await page.reload()
        await as_it_is(page)

    return prepare


async def as_it_is(page: Page) -> None:
    await page.locator("#terms tbody tr").first.wait_for()
    await page.locator("body[data-ready]").wait_for()


async def with_filters(page: Page) -> None:
    await as_it_is(page)
    await page.locator("#filters summary").click()


async def with_a_note(page: Page) -> None:
    await as_it_is(page)
    await page.locator("#notes summary").click()
    await page.fill("#note-text", "A candidate warns of deepfakes")
    await page.keyboard.press("Enter")


async def with_code(page: Page) -> None:
    await as_it_is(page)
    await page.locator("#embed summary").click()


async def at_its_trust(page: Page) -> None:
    await as_it_is(page)
    await page.locator(".measured summary").click()
    await page.locator("#trust-title").scroll_into_view_if_needed()


async def alone(page: Page) -> None:
    await page.locator("body[data-ready]").wait_for()


async def read(page: Page) -> None:
    await page.locator("h1:not(:empty)").wait_for()


async def empty(page: Page) -> None:
    await page.locator("#begin").wait_for()


async def nothing_in_it(page: Page) -> None:
    await page.locator("#headline").filter(has_text="no posts").wait_for()


LOADING = {"counts": {"state": "loading", "since_ms": 0, "progress": 0.1}}
MIDNIGHT_MS = BEGIN_MS - 20 * 3_600_000
HOUR = "?span=hour"
STATES: dict[str, tuple[str, Callable[[Page], Awaitable[None]]]] = {
    "figures": (HOUR, as_it_is),
    "compare": (QUERY, as_it_is),
    "source": (f"{QUERY}&by=source", as_it_is),
    "one-source": (f"{HOUR}&source=messenger", as_it_is),
    "languages": (f"{HOUR}&languages=tr,ru", as_it_is),
    "all-posts": (f"{HOUR}&share=election", as_it_is),
    "nothing": (f"?span=custom&from={MIDNIGHT_MS}&to={MIDNIGHT_MS + 3_600_000}", nothing_in_it),
    "filters": (HOUR, with_filters),
    "notes": (HOUR, with_a_note),
    "embed-code": (HOUR, with_code),
    "embed": (f"embed{HOUR}", alone),
    "method": ("method", read),
    "method-russian": ("method?lang=ru", read),
    "trust": (HOUR, at_its_trust),
    "turkish": (f"{QUERY}&lang=tr", as_it_is),
    "russian": (f"{QUERY}&lang=ru", as_it_is),
    "source-turkish": (f"{HOUR}&lang=tr&by=source&source=messenger", as_it_is),
    "source-russian": (f"{HOUR}&lang=ru&by=source&source=messenger", as_it_is),
    "filters-russian": (f"{HOUR}&lang=ru", with_filters),
    "loading": (HOUR, told(LOADING)),
    "trouble": (HOUR, told(TROUBLES)),
}


async def take(folder: Path, states: list[str]) -> None:
    """Write the pictures of these states, or of all, into the folder."""
    with TemporaryDirectory() as data, EmbeddedKafka(Path(data) / "kafka") as kafka:
        settings = Settings(broker=kafka.bootstrap_servers, **SETTINGS)
        nothing = Settings(broker=kafka.bootstrap_servers, partitions=1, topic_prefix=unique_prefix())
        apart = Settings(broker=kafka.bootstrap_servers, partitions=1, topic_prefix=unique_prefix())
        notes = Path(data) / "notes.toml"
        notes.write_text(NOTES)
        await write_an_hour(apart)
        await create(nothing, all_topics(nothing))
        with (
            dashboard(settings, "--notes", str(notes)) as full,
            dashboard(nothing) as bare,
            dashboard(apart) as without_sources,
        ):
            await count_evening(settings, Path(data))
            views = [(name, full + query, prepare) for name, (query, prepare) in STATES.items()]
            views.append(("empty", bare, empty))
            views.append(("empty-russian", f"{bare}?lang=ru", empty))
            views.append(("no-sources", f"{without_sources}{LAST_HOUR}&by=source", as_it_is))
            async with chromium() as browser:
                for name, url, prepare in [one for one in views if not states or one[0] in states]:
                    for width, (x, y) in WIDTHS.items():
                        for scheme in ("light", "dark"):
                            options: dict[str, Any] = {
                                "viewport": {"width": x, "height": y},
                                "color_scheme": scheme,
                                **ISTANBUL,
                            }
                            async with looking(browser, url, **options) as page:
                                await prepare(page)
                                await page.wait_for_timeout(500)  # until what comes last is drawn
                                await page.screenshot(path=folder / f"{name}-{width}-{scheme}.png")


if __name__ == "__main__":
    target = Path(sys.argv[1])
    target.mkdir(parents=True, exist_ok=True)
    asyncio.run(take(target, sys.argv[2:]))
