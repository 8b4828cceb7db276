"""The page tells shares as the reports do."""

import pytest
from playwright.async_api import Browser

from sandik.figures.shares import percent
from sandik.settings import Settings
from tests.dashboard.builders import a_count
from tests.page.browser import looking, seeing, shows, write_counts
from tests.page.scenes import LAST_HOUR

pytestmark = [pytest.mark.broker, pytest.mark.timeout(180), pytest.mark.asyncio(loop_scope="session")]

SHARES = [0, 0.0001, 0.0002, 0.00023, 0.0015, 0.005, 0.0099, 0.0376, 0.0995, 0.31, 0.994, 0.995, 0.9998, 1]
PERCENT = """async (shares) => {
  const { percent } = await import("/static/words.js");
  return shares.map(percent);
}"""


async def test_a_few_are_never_none_and_not_quite_all_are_never_all(browser: Browser, busy: str) -> None:
    async with looking(browser, busy, locale="en-GB") as page:
        shown = await page.evaluate(PERCENT, SHARES)

    assert [percent(share).replace("\N{NO-BREAK SPACE}%", "%") for share in SHARES] == shown


async def test_a_small_difference_of_shares_is_told_too(browser: Browser, busy: str) -> None:
    told = """async (differences) => {
      const { points } = await import("/static/words.js");
      return differences.map((one) => points(one, true));
    }"""
    async with looking(browser, busy, locale="en-GB") as page:
        shown = await page.evaluate(told, [0, 0.0002, -0.00034, 0.013, -0.4])

    assert shown == ["0", "+0.02", "-0.034", "+1.3", "-40"]


async def test_bands_of_few_posts_do_not_press_the_lines_of_many_to_the_ground(
    browser: Browser, busy: str
) -> None:
    top = """async () => {
      const { topOf } = await import("/static/chart.js");
      const course = (base, value, low, high) => ({ share: base.map(() => ({ value, low, high })), base });
      return topOf([course([9000, 8000], 0.004, 0.003, 0.006), course([2, 1, 2, 1, 1], 0, 0, 0.8)]);
    }"""
    async with looking(browser, busy) as page:
        assert await page.evaluate(top) == 0.01


async def test_the_label_at_the_end_of_a_line_is_never_cut_off(browser: Browser, settings: Settings) -> None:
    counts = [
        a_count(tag, minute=minute, count=count)
        for minute in range(60)
        for tag, count in (("all", 20_000), ("election", 9_000), ("both", 7))
    ]
    await write_counts(settings, counts)
    async with seeing(browser, settings, LAST_HOUR, viewport={"width": 390, "height": 844}) as page:
        await shows(page, "#panels .end", "0.078%")
        assert await page.evaluate(ENDS) == []


ENDS = """() => [...document.querySelectorAll(".plot .end")].map((one) => [
  one.textContent, one.getBoundingClientRect().right - one.closest(".plot").getBoundingClientRect().right,
]).filter(([, beyond]) => beyond > 0)"""


async def test_a_span_of_many_days_is_told_by_its_days(browser: Browser, settings: Settings) -> None:
    counts = [a_count(tag, minute=day * 1_440) for day in range(9) for tag in ("all", "election")]
    await write_counts(settings, counts)
    async with seeing(browser, settings, "?span=all") as page:
        await shows(page, "h1", "19 May 2023, 0% of the posts")
