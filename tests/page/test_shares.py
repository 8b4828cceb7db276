"""The page tells shares as the reports do."""

import pytest
from playwright.async_api import Browser

from sandik.figures.shares import percent
from tests.page.browser import looking

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
