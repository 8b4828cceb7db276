"""Axe finds no fault in any state of the page; of a broker that is away, test_page has it."""

import pytest
from playwright.async_api import Browser, Route

from sandik.settings import Settings
from tests.dashboard.builders import BASE_MS
from tests.page.browser import faults, looking, seeing, shows
from tests.page.scenes import LAST_HOUR

pytestmark = [pytest.mark.broker, pytest.mark.timeout(180), pytest.mark.asyncio(loop_scope="session")]

PHONE = {"viewport": {"width": 360, "height": 740}}
SCHEMES = pytest.mark.parametrize("scheme", ["light", "dark"])
TROUBLES = {
    "stale_since_ms": BASE_MS,
    "stalled_since_ms": BASE_MS,
    "lexicon_versions": ["lex-1", "lex-2"],
    "other_window_sizes_ms": [1_000],
}


@SCHEMES
async def test_with_figures_and_a_phone_needs_no_sideways_scrolling(
    browser: Browser, busy: str, scheme: str
) -> None:
    async with looking(browser, busy + LAST_HOUR, **PHONE, color_scheme=scheme) as page:
        await shows(page, ".text", "Seçim öncesi")
        await page.locator(".plot svg").nth(3).wait_for()  # charts and lists come by ways of their own

        assert await faults(page) == []
        assert await page.evaluate("document.documentElement.scrollWidth") == 360
        assert await page.locator(".plot svg").count() == 4
        lead = await page.locator("#lead-chart").bounding_box()
        assert lead is not None
        assert lead["y"] + lead["height"] < PHONE["viewport"]["height"]  # on the first screen


async def test_with_nothing_counted_yet(browser: Browser, settings: Settings) -> None:
    async with seeing(browser, settings) as page:
        await shows(page, "#headline", "Nothing has been counted yet")
        await shows(page, "#begin", "sandik up posts.jsonl")

        assert await faults(page) == []


async def test_with_nothing_in_the_span(browser: Browser, busy: str) -> None:
    empty = f"?span=custom&from={BASE_MS - 7_200_000}&to={BASE_MS - 3_600_000}"
    async with looking(browser, busy + empty, **PHONE) as page:
        await shows(page, "#headline", "no posts about the election")
        assert await faults(page) == []

        await page.get_by_role("link", name="show everything").click()
        await shows(page, "#share-interval", "185 of 1,114 posts")


@SCHEMES
async def test_with_how_it_is_counted(browser: Browser, busy: str, scheme: str) -> None:
    async with looking(browser, busy + "method", **PHONE, color_scheme=scheme) as page:
        await shows(page, "h1", "How it is counted")

        assert await faults(page) == []
        assert await page.evaluate("document.documentElement.scrollWidth") == 360


@SCHEMES
async def test_with_every_notice(browser: Browser, busy: str, scheme: str) -> None:
    async def troubled(route: Route) -> None:
        answer = await route.fetch()
        await route.fulfill(response=answer, json=await answer.json() | TROUBLES)

    async with looking(browser, busy + LAST_HOUR, **PHONE, color_scheme=scheme) as page:
        await page.route("**/api/status", troubled)
        await page.route("**/api/stream?*", lambda route: route.abort())
        await page.reload()
        for kind in ("lost", "stale", "stalled", "lexicons", "sizes"):
            await page.locator(f"[data-kind={kind}]").wait_for()

        assert await faults(page) == []
        assert await page.evaluate("document.documentElement.scrollWidth") == 360
