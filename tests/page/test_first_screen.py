"""The first screen answers the five questions, on a desk and on a phone, in any language."""

import pytest
from playwright.async_api import Browser, expect

from tests.page.browser import figures, looking, shows
from tests.page.scenes import LAST_HOUR

pytestmark = [pytest.mark.broker, pytest.mark.timeout(180), pytest.mark.asyncio(loop_scope="session")]

#: What answers each question, in their order; on a wide screen where and what is said are there in full.
SHORT = ["h1", "#change", "#lead-chart", "#glance-where", "#glance-said", "#glance-trust"]
FULL = [
    "h1",
    "#change",
    "#lead-chart",
    "#panels .panel >> nth=0",
    "#terms tbody tr >> nth=0",
    "#glance-trust",
]


@pytest.mark.parametrize("language", ["en", "tr", "ru"])
@pytest.mark.parametrize(
    ("width", "height", "answers"), [(1_440, 900, FULL), (1_024, 800, FULL), (390, 844, SHORT)]
)
async def test_the_first_screen_answers_five_questions(
    browser: Browser, busy: str, width: int, height: int, answers: list[str], language: str
) -> None:
    viewport = {"width": width, "height": height}
    async with looking(browser, f"{busy}{LAST_HOUR}&lang={language}", viewport=viewport) as page:
        await shows(page, "#terms", "deepfake")
        await page.locator("#panels .panel").first.wait_for()
        for answer in answers:
            await expect(page.locator(answer)).not_to_be_empty()
            box = await page.locator(answer).bounding_box()
            assert box is not None, answer
            assert box["y"] + box["height"] <= height, answer


async def test_without_a_span_before_the_page_says_whether_it_rose_within_this_one(
    browser: Browser, busy: str
) -> None:
    async with looking(browser, busy + LAST_HOUR) as page:
        await shows(page, "#change", "no change beyond chance between the halves of this time")


async def test_what_stands_at_a_glance_leads_to_the_whole_of_it(browser: Browser, busy: str) -> None:
    phone = {"width": 390, "height": 844}
    async with looking(browser, busy + LAST_HOUR, viewport=phone) as page:
        await shows(page, "#glance-where", "Turkish 16% · English 17%")
        await shows(page, "#glance-said", "deepfake")
        await page.get_by_role("link", name="Why trust it").click()
        await expect(page.locator("#trust")).to_be_in_viewport()
        await page.go_back()
        assert page.url == busy + LAST_HOUR


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "How it is counted"), ("tr", "Nasıl sayılıyor"), ("ru", "Как ведётся подсчёт")],
)
async def test_the_method_is_a_link_away_in_the_language_of_the_page(
    browser: Browser, busy: str, language: str, words: str
) -> None:
    async with looking(browser, f"{busy}{LAST_HOUR}&lang={language}") as page:
        await shows(page, "#terms", "deepfake")
        await page.locator("#method").click()
        await shows(page, "h1", words)
        assert "undefined" not in await page.locator("main").inner_text()
        await expect(page.locator("main p").last).to_be_visible()


async def test_a_column_of_shares_has_one_number_of_decimals(browser: Browser, busy: str) -> None:
    async with looking(browser, busy + LAST_HOUR) as page:
        await shows(page, "#table tbody", "Turkish")
        shares = [row[-3] for row in await figures(page)]
        assert {len(one.partition(".")[2]) for one in shares if one != "–"} == {2}, shares  # and the sign
