"""The file of `sandik report` in a real browser."""

from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser

from tests.page.browser import faults, looking
from tests.page.report_screenshot import write_report

pytestmark = [pytest.mark.broker, pytest.mark.timeout(180), pytest.mark.asyncio(loop_scope="session")]


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of the demo's evening."""
    return write_report(tmp_path_factory.mktemp("report"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_it_keeps_nobody_out_in_light_and_dark(browser: Browser, report: Path, scheme: str) -> None:
    async with looking(browser, report.as_uri(), color_scheme=scheme) as page:
        assert await faults(page) == []
        await page.set_viewport_size({"width": 360, "height": 800})
        assert await faults(page) == []
        ground = await page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert ground == {"light": "rgb(255, 255, 255)", "dark": "rgb(20, 23, 28)"}[scheme]


async def test_it_asks_nobody_for_anything(browser: Browser, report: Path) -> None:
    asked: list[str] = []
    page = await browser.new_page()
    page.on("request", lambda request: asked.append(request.url))
    await page.goto(report.as_uri(), wait_until="networkidle")
    await page.close()
    assert asked == [report.as_uri()]


@pytest.mark.parametrize("width", [360, 1_000])
async def test_it_fits_a_telephone_and_a_screen(browser: Browser, report: Path, width: int) -> None:
    async with looking(browser, report.as_uri(), viewport={"width": width, "height": 800}) as page:
        wide = await page.evaluate("document.documentElement.scrollWidth")
        charts = await page.locator("svg").count()
        bands: list[dict[str, Any]] = await page.evaluate(
            "[...document.querySelectorAll('svg .band')].map((one) => one.getBoundingClientRect().toJSON())"
        )
        letters = await page.locator("svg .y").first.bounding_box()
    assert wide <= width
    assert charts == 8
    assert bands
    assert all(band["width"] > 0 and band["height"] > 0 for band in bands)
    assert letters is not None
    assert letters["height"] > 8


async def test_it_prints_on_white_whatever_the_screen_shows(browser: Browser, report: Path) -> None:
    async with looking(browser, report.as_uri(), color_scheme="dark") as page:
        await page.emulate_media(media="print", color_scheme="dark")
        ground = await page.evaluate("getComputedStyle(document.body).backgroundColor")
        pdf = await page.pdf(format="A4")
    assert ground == "rgb(255, 255, 255)"
    assert pdf.startswith(b"%PDF")
