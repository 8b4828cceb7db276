"""What can be done with a chart: compared, noted, made as large as the screen, and shown by other pages."""

import asyncio
import json
import re
from pathlib import Path

import pytest
from aiohttp import web
from playwright.async_api import Browser, Route, expect

from sandik.dashboard.notes import Note, read_notes
from sandik.kafka.control_topic import write_control
from sandik.settings import Settings
from sandik_schemas.control import Run
from sandik_schemas.pair import Pair
from tests.dashboard.builders import BASE_MS, MINUTE_MS, a_count
from tests.page.browser import faults, looking, seeing, shows, write_counts
from tests.page.scenes import LAST_HOUR
from tests.support.web import serving

pytestmark = [pytest.mark.broker, pytest.mark.timeout(180), pytest.mark.asyncio(loop_scope="session")]

WEATHER = Pair("rain_and_flood", ("rain", "flood"), "rain")
HALF = f"?span=custom&from={BASE_MS + 30 * MINUTE_MS}&to={BASE_MS + 60 * MINUTE_MS}&rollup=minute"


async def test_another_period_is_drawn_behind_on_the_same_axis(browser: Browser, busy: str) -> None:
    async with looking(browser, f"{busy}{HALF}&compare=before") as page:
        await expect(page.locator("#key")).to_contain_text("the period from 11 May 2023, 10:00 on")
        line = await page.locator("#lead-chart .line.behind").get_attribute("d")
        assert line is not None
        assert line.count(",") == 30  # a point for each minute of it
        await page.locator("#lead-chart .plot").focus()
        await page.keyboard.press("Home")
        await shows(page, "#lead-chart .readout", "; behind: ")

        await page.locator("#filters summary").click()
        await page.select_option("#compare", "")
        await expect(page.locator("#key")).not_to_contain_text("Dotted")
        assert "compare" not in page.url
        await page.select_option("#compare", "other")
        await page.fill("#compare-at", "2023-05-11T10:05")
        await page.locator("#compare-at").dispatch_event("change")
        await expect(page.locator("#key")).to_contain_text("the period from 11 May 2023, 10:05 on")
        await page.go_back()
        await page.go_back()
        await expect(page.locator("#key")).not_to_contain_text("Dotted")


async def test_an_older_answer_that_arrives_last_is_not_drawn(browser: Browser, busy: str) -> None:
    async with looking(browser, busy + HALF) as page:
        await shows(page, "#key", "interval")
        is_held, is_over = asyncio.Event(), asyncio.Event()

        async def hold(route: Route) -> None:
            is_held.set()
            await is_over.wait()
            await route.continue_()

        def is_before(url: str) -> bool:
            return "/api/counts" in url and f"from_ms={BASE_MS}&" in url

        await page.route(is_before, hold)
        await page.locator("#filters summary").click()
        await page.select_option("#compare", "before")
        await is_held.wait()
        await page.select_option("#compare", "other")
        await page.fill("#compare-at", "2023-05-11T10:05")
        await page.locator("#compare-at").dispatch_event("change")
        await expect(page.locator("#key")).to_contain_text("the period from 11 May 2023, 10:05 on")
        async with page.expect_response(lambda response: is_before(response.url)) as answer:
            is_over.set()
        await (await answer.value).finished()
        # What it would draw is drawn before a later answer, and before a timer that is set after it.
        await page.evaluate("fetch('/api/status').then(() => new Promise((then) => setTimeout(then, 20)))")

        await expect(page.locator("#key")).to_contain_text("the period from 11 May 2023, 10:05 on")


async def test_a_note_is_kept_by_the_browser_and_taken_away_as_the_operator_s_file(
    browser: Browser, busy: str, tmp_path: Path
) -> None:
    async with looking(browser, busy + LAST_HOUR) as page:
        await shows(page, "#bursts", "Turkish")
        await page.locator("#bursts button").first.click()
        await page.locator("#notes summary").click()
        await page.fill("#note-text", 'They "warn" of \\ montages')
        await page.keyboard.press("Enter")
        await shows(page, "#lead-chart text", 'They "warn" of \\ montages')
        await page.reload()
        await shows(page, "#lead-chart text", 'They "warn" of \\ montages')
        await page.locator("#notes summary").click()
        async with page.expect_download() as waiting:
            await page.locator("#note-file").click()
        file = tmp_path / "notes.toml"
        await (await waiting.value).save_as(file)
        assert await faults(page) == []

        await page.locator("#note-list button").click()
        await expect(page.locator("#lead-chart")).not_to_contain_text("montages")

    assert read_notes(file) == (Note(BASE_MS + 45 * MINUTE_MS, 'They "warn" of \\ montages'),)


async def test_a_chart_fills_the_screen_and_is_drawn_for_it(browser: Browser, busy: str) -> None:
    async with looking(browser, busy + LAST_HOUR, viewport={"width": 1_000, "height": 700}) as page:
        await page.locator("body[data-ready]").wait_for()
        for button, chart in (("#take-full", "#lead-chart"), (".panel .icon", ".panel")):
            small = await page.locator(f"{chart} svg[height]").last.get_attribute("height")
            await page.locator(button).first.click()
            large = page.locator(":fullscreen .plot svg").first
            await expect(large).to_have_attribute("height", _OVER_500)
            await page.evaluate("document.exitFullscreen()")
            await expect(page.locator(f"{chart} .plot svg").first).to_have_attribute("height", small or "")


async def test_another_site_can_show_the_chart_and_nothing_else_of_the_page(
    browser: Browser, busy: str
) -> None:
    async with looking(browser, f"{busy}{LAST_HOUR}&languages=tr&lang=tr") as page:
        await page.locator("body[data-ready]").wait_for()
        code = await page.locator("#embed-code").input_value()
    assert f'src="{busy}embed?span=hour&rollup=minute&languages=tr&lang=tr"' in code

    async def site(request: web.Request) -> web.Response:
        whole = f'<iframe id="whole" src="{busy}"></iframe>' if "whole" in request.query else ""
        return web.Response(text=f"<!doctype html><title>x</title>{code}{whole}", content_type="text/html")

    app = web.Application()
    app.add_routes([web.get("/", site)])
    async with serving(app) as other:
        async with looking(browser, other) as page:
            framed = page.frame_locator("iframe")
            await expect(framed.locator("#headline")).to_contain_text("seçimle ilgili Türkçe gönderiler")
            await framed.locator("#lead-chart .line").first.wait_for(state="attached")
            assert await framed.locator("button").count() == 0
        page = await browser.new_page()
        refused: list[str] = []
        page.on("console", lambda message: refused.append(message.text))
        await page.goto(f"{other}/?whole")
        await page.frame_locator("iframe").first.locator("#headline strong").wait_for()
        await page.close()
        assert any("frame-ancestors" in line for line in refused)


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_single_chart_keeps_nobody_out(browser: Browser, busy: str, scheme: str) -> None:
    url = f"{busy}embed{LAST_HOUR}&theme={scheme}"
    async with looking(browser, url, viewport={"width": 360, "height": 300}) as page:
        await page.locator("#lead-chart .line").first.wait_for(state="attached")
        chart = await page.locator("#lead-chart svg").bounding_box()

        assert await faults(page) == []
        assert chart is not None
        assert chart["y"] + chart["height"] <= 300 or chart["height"] == 140


async def test_why_trust_it_says_how_many_were_late_and_rejected_and_what_was_measured(
    browser: Browser, busy: str
) -> None:
    async with looking(browser, busy + LAST_HOUR) as page:
        await shows(page, "#trust", "rejected: no valid posts (0)")
        await shows(page, "#trust", "came too late")
        await shows(page, "#measured-title", "was not measured for this lexicon")


async def test_with_another_pair_of_tags_the_page_speaks_of_those(
    browser: Browser, settings: Settings
) -> None:
    await write_control(settings, Run("run-1", "sandik-1", 1, "counting", {}, [0], 0, (WEATHER,)))
    counts = [
        a_count(tag, minute=minute, count=count, is_final=True)
        for minute in range(20)
        for tag, count in (("all", 9), ("rain", 6), ("flood", 4), ("rain_and_flood", 3))
    ]
    await write_counts(settings, counts)
    async with seeing(browser, settings, "?span=all") as page:
        await shows(page, "#headline", "50% of the posts about rain are also about flood")
        await shows(page, "#table thead", "rain_and_flood")
        await page.locator("#filters summary").click()
        assert json.loads(await page.evaluate(_SHARES)) == [
            "rain posts that are about flood",
            "flood, of all posts",
            "rain, of all posts",
        ]
        await page.select_option("#share", "flood")
        await shows(page, "#headline", "44% of all posts are about flood")
        await expect(page.locator("body")).not_to_contain_text("deepfake")
        assert await faults(page) == []


async def test_until_a_post_has_a_tag_the_page_says_that_none_has(
    browser: Browser, settings: Settings
) -> None:
    """A lexicon without pairs has no tag to speak of before it is seen."""
    await write_control(settings, Run("run-1", "sandik-1", 1, "counting", {}, [0], 0, ()))
    await write_counts(settings, [a_count("all", count=9)])
    async with seeing(browser, settings, "?span=all") as page:
        await shows(page, "#headline", "Posts are counted, but none has a tag of the lexicon yet.")
        await expect(page.locator("#notices")).not_to_contain_text("refused")

        await write_counts(settings, [a_count("storm", count=3)])
        await shows(page, "#headline", "33% of all posts are about storm")


_OVER_500 = re.compile(r"^(5\d\d|[6-9]\d\d|\d{4,})(\.\d+)?$")
_SHARES = "JSON.stringify([...document.querySelectorAll('#share option')].map((one) => one.textContent))"
