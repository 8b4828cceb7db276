"""What a choice is waited for comes first: the sentence and the chart under it, from two short answers."""

import pytest
from playwright.async_api import Browser, Page, Route, expect

from tests.page.browser import looking, shows
from tests.page.scenes import LAST_HOUR

pytestmark = [pytest.mark.broker, pytest.mark.timeout(180), pytest.mark.asyncio(loop_scope="session")]


async def choose_turkish(page: Page) -> None:
    await page.locator("#filters summary").click()
    await page.get_by_label("Turkish", exact=True).check()


async def test_the_sentence_and_the_lead_chart_wait_for_nothing_but_their_own_answers(
    browser: Browser, busy: str
) -> None:
    asked: list[str] = []

    async def answer(route: Route) -> None:
        url = route.request.url
        if "=tr" in url:  # not the last requests of the choice before
            asked.append(url)
        is_lead = "/api/headline" in url or "language=*&" in f"{url}&".replace("%2A", "*")
        if is_lead:
            await route.continue_()  # all others are never answered

    async with looking(browser, busy + LAST_HOUR) as page:
        await shows(page, ".panel h3", "Russian")
        whole = await page.locator("#lead-chart .bar.base").first.get_attribute("d")
        await page.route("**/api/**", answer)
        await choose_turkish(page)

        await shows(page, "h1", "of the posts in Turkish about the election")
        await expect(page.locator("#lead-chart .bar.base").first).not_to_have_attribute("d", whole or "")
        assert sorted(one.partition("/api/")[2].partition("?")[0] for one in asked[:2]) == [
            "counts",
            "headline",
        ]
        await page.unroute_all(behavior="ignoreErrors")


async def test_nothing_is_measured_while_charts_are_drawn(browser: Browser, busy: str) -> None:
    """Whoever asks for a width makes the browser lay out the page at once: once for each chart, and again."""
    async with looking(browser, busy + LAST_HOUR) as page:
        await shows(page, ".panel h3", "Russian")
        await page.evaluate(COUNT_MEASURES)
        await choose_turkish(page)
        await page.get_by_label("Russian", exact=True).check()
        await expect(page.locator(".panel")).to_have_count(2)
        await shows(page, "#table tbody", "together")

        assert await page.evaluate("measured") == []


async def test_what_has_not_changed_is_not_drawn_again(browser: Browser, busy: str) -> None:
    async with looking(browser, busy + LAST_HOUR) as page:
        await shows(page, ".panel h3", "Russian")
        await shows(page, "#table tbody", "Turkish")
        await page.evaluate(
            "for (const one of document.querySelectorAll('.plot svg')) one.dataset.first = ''"
        )
        await page.locator("#filters summary").click()
        await page.select_option("#compare", "before")
        await page.select_option("#compare", "")
        await page.select_option("#theme", "dark")
        await page.locator("#compare-at-label").wait_for(state="hidden")

        assert await page.locator(".panel .plot svg:not([data-first])").count() == 0
        assert await page.locator(".panel .plot svg[data-first]").count() == 3


COUNT_MEASURES = """() => {
  window.measured = [];
  const note = (name) => { if (/draw/.test(new Error().stack)) measured.push(name); };
  for (const [{ prototype }, name] of [[Element, "clientWidth"], [HTMLElement, "offsetWidth"]]) {
    const own = Object.getOwnPropertyDescriptor(prototype, name);
    Object.defineProperty(prototype, name, { ...own, get() { note(name); return own.get.call(this); } });
  }
  const name = "getBoundingClientRect", own = Element.prototype[name];
  Element.prototype[name] = function () { note(name); return own.call(this); };
}"""
