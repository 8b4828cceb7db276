"""The page in a real browser, on a real Kafka."""

import asyncio
import csv
from pathlib import Path
from typing import Any

import msgspec
import pytest
from playwright.async_api import Browser, Locator, Page, Route, expect

from sandik.broker import EmbeddedKafka
from sandik.kafka.topics import POSTS, all_topics, create
from sandik.settings import Settings
from sandik_schemas.mention import Term
from tests.dashboard.builders import BASE_MS, MINUTE_MS, a_count
from tests.page.browser import dashboard, faults, figures, looking, seeing, shows, write_counts, write_sources
from tests.page.scenes import LAST_HOUR, TEXT, write_post
from tests.support.kafka import produce, unique_prefix
from tests.support.workers import Workers, environment

pytestmark = [pytest.mark.broker, pytest.mark.timeout(180), pytest.mark.asyncio(loop_scope="session")]


async def test_a_post_that_is_produced_shows_up_with_its_terms_marked(
    browser: Browser, settings: Settings, tmp_path: Path
) -> None:
    post: dict[str, Any] = {
        "id": "test:1",
        "source": "test",
        "created_at_ms": BASE_MS,
        "text": "Seçimde deepfake'lere dikkat edin arkadaşlar",
    }
    with Workers(environment(settings), tmp_path) as workers:
        workers.start()
        async with seeing(browser, settings) as page:
            await shows(page, "#headline", "Nothing has been counted yet")
            records = [(b"test:1", msgspec.json.encode(post), None, None)]
            await produce(settings.broker, settings.topic(POSTS), records)

            await shows(page, ".text", post["text"])
            marked = await page.locator(".text mark").all_text_contents()
            await shows(page, "#terms", "deepfake")
            await expect(page.locator("#table tbody tr").first).to_contain_text("current")
            workers.assert_running()

    assert [word.lower()[:5] for word in marked] == ["seçim", "deepf"]


async def test_tabs_that_nobody_sees_take_no_connection_and_show_the_news_when_they_are_seen(
    browser: Browser, settings: Settings
) -> None:
    """A browser has six connections to a server, so a seventh tab would wait for ever."""
    await write_counts(settings, [a_count(tag, minute=3, count=1_234) for tag in ("all", "election")])
    hide = "hidden => { Object.defineProperty(document, 'hidden', { configurable: true, get: () => hidden });"
    hide += " document.dispatchEvent(new Event('visibilitychange')); }"
    with dashboard(settings) as url:
        context = await browser.new_context(locale="en-GB", timezone_id="UTC")
        try:
            pages = []
            for _ in range(8):
                page = await context.new_page()
                await page.goto(url + "?languages=tr&rollup=minute")
                await shows(page, "#table tbody tr", "1,234")
                await page.evaluate(hide, True)
                pages.append(page)

            await write_counts(settings, [a_count("election", minute=3, count=4_321, revision=9)])
            await pages[0].evaluate(hide, False)
            await shows(pages[0], "#table tbody tr", "4,321")
        finally:
            await context.close()


async def test_a_final_count_takes_the_place_of_the_current_one_and_a_late_correction_is_seen(
    browser: Browser, settings: Settings
) -> None:
    def counts(n: int, revision: int, *, is_final: bool) -> list[Any]:
        values: dict[str, Any] = {"count": n, "revision": revision, "is_final": is_final}
        return [a_count(tag, minute=3, **values) for tag in ("all", "election")]

    await write_counts(settings, counts(1_234, 2, is_final=False))
    async with seeing(browser, settings, "?languages=tr&rollup=minute") as page:
        row = page.locator("#table tbody tr").first
        await expect(row).to_contain_text("current")
        assert (await figures(page))[0][1:4] == ["Turkish", "1,234", "1,234"]

        await write_counts(settings, counts(1_300, 5, is_final=True))
        await expect(row).to_contain_text("final")
        assert (await figures(page))[0][1:4] == ["Turkish", "1,300", "1,300"]

        await write_counts(settings, counts(1_305, 9, is_final=True))
        await expect(page.locator("#late")).to_contain_text("Turkish · election: +5")
        assert (await figures(page))[0][2:4] == ["1,305", "1,305"]


async def test_hostile_text_stays_text(browser: Browser, settings: Settings) -> None:
    attack = '<img src=x onerror="alert(1)"><script>alert(2)</script>'
    text = f"😀 {attack} \u202eesrever\u202c </p></article><style>*{{display:none}}</style>"
    await write_counts(settings, [a_count("all", attack), a_count("election", "tr"), a_count(attack, "tr")])
    terms = (
        Term(attack, "election", 2, 2 + len(attack)),
        Term("inside", "deepfake", 3, 5),
        Term("no such place", "election", 5, 9_999),
    )
    await write_post(settings, text, terms, source=attack, language=attack, tags=("election", attack))
    async with seeing(browser, settings, f"?languages=tr,{attack}&share={attack}") as page:
        await shows(page, ".text", "esrever")
        shown = await page.locator(".text").text_content()
        marked = await page.locator(".text mark").all_text_contents()
        await expect(page.locator("body")).to_have_attribute("data-ready", "yes")
        strangers = await page.locator("main img, main script, main style, form img, form script").count()

    assert (shown, marked, strangers) == (text, [attack], 0)


async def test_bursts_currents_filters_and_the_switch_for_texts(browser: Browser, busy: str) -> None:
    async with looking(browser, busy + LAST_HOUR) as page:
        await shows(page, "#bursts", "10:45 · Turkish · election: 40")
        await shows(page, "#late", "too late to be counted")
        states = {row[-1] for row in await figures(page)}
        await shows(page, ".text", "Seçim öncesi")

        await page.get_by_label("show texts").uncheck()
        await shows(page, "#posts-off", "Texts are off")
        await expect(page.locator("#posts")).to_be_hidden()

        await page.locator("#filters summary").click()
        for language in ("Turkish", "English"):
            await page.get_by_label(language, exact=True).check()
        await page.get_by_label("Step").select_option("hour")
        await expect(page.locator("#table tbody tr")).to_have_count(3)
        assert [row[1] for row in await figures(page)] == ["together", "English", "Turkish"]
        await shows(page, "h1", "of the posts in Turkish and English about the election")

        await page.reload()  # the address says what is shown, the browser remembers the switch
        await expect(page.locator("#table tbody tr")).to_have_count(3)
        await shows(page, "#posts-off", "Texts are off")
        row = next(row for row in await figures(page) if row[1] == "Turkish")
        answer = await page.evaluate("fetch('/api/counts?language=tr&rollup_ms=3600000').then(a => a.json())")
        share = answer["rows"][0]["share"]
        assert row[-3:-1] == [f"{share['value']:.1%}", f"{share['low']:.1%}–{share['high']:.1%}"]

        await page.go_back()
        await page.go_back()
        await shows(page, "h1", "of the posts in Turkish about the election")
    assert states == {"final", "current"}


async def test_no_more_languages_can_be_chosen_than_are_drawn(browser: Browser, settings: Settings) -> None:
    codes = ("ar", "de", "en", "es", "fr", "it", "ru", "tr", "uk", "az")
    await write_counts(settings, [a_count(tag, code) for tag in ("all", "election") for code in codes])
    async with seeing(browser, settings, f"?languages={','.join(codes[:9])}") as page:
        await expect(page.locator(".panel")).to_have_count(8)
        await page.locator("#filters summary").click()
        await expect(page.locator("#languages input:checked")).to_have_count(8)
        await expect(page.locator("#languages input:not(:checked):enabled")).to_have_count(0)

        await page.get_by_label("Arabic", exact=True).uncheck()
        await page.locator("#language-search").fill("Ukrainian")
        await page.locator("#language-search").press("Enter")
        await shows(page, ".panel h3", "Ukrainian")


async def test_a_chart_is_zoomed_by_a_drag_shows_posts_by_a_click_and_back_undoes(
    browser: Browser, busy: str
) -> None:
    async with looking(browser, busy + LAST_HOUR, viewport={"width": 1_200, "height": 900}) as page:
        await shows(page, ".text", "Seçim öncesi")
        box = await page.locator("#lead-chart .plot").bounding_box()
        assert box is not None
        middle, height = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

        await page.mouse.click(middle, height)  # a minute without a post of its own
        await shows(page, "#posts", "None in this period")
        await page.get_by_role("button", name="all of this time").click()
        await shows(page, ".text", "Seçim öncesi")

        await page.mouse.move(middle, height)
        await page.mouse.down()
        await page.mouse.move(middle + box["width"] / 4, height, steps=5)
        await page.mouse.up()
        await shows(page, "h1", "11 May 2023, 10:")
        assert "span=custom" in page.url
        await page.go_back()
        await shows(page, "h1", "In the last hour")


async def taken_away(page: Page, button: Locator, ending: str) -> bytes:
    """Click, and return the file that is downloaded."""
    async with page.expect_download() as waiting:
        await button.click()
    download = await waiting.value
    assert download.suggested_filename.endswith(ending)
    return await asyncio.to_thread((await download.path()).read_bytes)


async def test_a_chart_is_taken_away_as_csv_svg_and_png(browser: Browser, busy: str) -> None:
    async with looking(browser, busy + LAST_HOUR) as page:
        await page.locator("body[data-ready]").wait_for()
        taken = {}
        for name in ("CSV", "SVG", "PNG"):
            button = page.get_by_role("button", name=name, exact=True)
            taken[name] = await taken_away(page, button, f".{name.lower()}")
        shown = await page.locator("#share-interval").text_content()

    rows = list(csv.DictReader(taken["CSV"].decode().splitlines()))
    both = sum(int(row["both"]) for row in rows if row["language"] == "all")
    base = sum(int(row["election"]) for row in rows if row["language"] == "all")
    assert shown is not None
    assert f"{both} of {base:,} posts" in shown
    assert shown.encode() in taken["SVG"]
    assert taken["PNG"].startswith(b"\x89PNG")


async def test_millions_of_posts_have_room_and_an_interval_with_two_ends(
    browser: Browser, settings: Settings
) -> None:
    posts = {"all": 99_000_000, "election": 41_234_567, "both": 20_617_000}
    await write_counts(
        settings, [a_count(tag, minute=minute, count=n) for minute in range(3) for tag, n in posts.items()]
    )
    async with seeing(browser, settings, "?span=all&rollup=minute") as page:
        await shows(page, ".panel h3", "Turkish")
        await shows(page, "#share-interval", "49.99% to 50.01%")
        await shows(page, ".panel .about", "49.99% to 50.01%")
        await shows(page, "#table tbody", "49.98%–50.01%")
        beside = await page.evaluate(_OUTSIDE)

    assert beside == []


_OUTSIDE = """() => [...document.querySelectorAll(".plot text")].filter((one) => {
  const { x, width } = one.getBBox(), svg = one.closest("svg");
  return x < 0 || x + width > svg.width.baseVal.value;
}).map((one) => one.textContent)"""


@pytest.mark.parametrize("by", ["language", "source"])
async def test_a_small_chart_is_taken_away_too(browser: Browser, busy: str, by: str) -> None:
    name = {"language": "Turkish", "source": "test"}[by]
    async with looking(browser, f"{busy}{LAST_HOUR}&by={by}") as page:
        panel = page.locator(".panel").filter(has_text=name)
        about = await panel.locator(".about").text_content()
        taken = {}
        for kind in ("CSV", "SVG", "PNG"):
            await panel.get_by_label(f"Take away: {name}").click()
            button = panel.get_by_role("button", name=kind, exact=True)
            taken[kind] = await taken_away(page, button, f"-{name}.{kind.lower()}")
        await expect(panel.get_by_role("button", name="CSV")).to_be_hidden()
        assert await page.locator(".plot").count() == await page.locator("main .plot").count()
        assert await faults(page) == []

    rows = list(csv.DictReader(taken["CSV"].decode().splitlines()))
    both, base = (sum(int(row[tag]) for row in rows) for tag in ("both", "election"))
    assert about is not None
    assert about.endswith(f"{both:,} of {base:,} posts")
    assert {row[by] for row in rows} == {{"language": "tr", "source": "test"}[by]}
    assert ("all" in rows[0]) == (by == "language")  # mentions do not tell how many posts had no tag
    assert about.encode() in taken["SVG"]
    assert b'width="752"' in taken["SVG"]  # drawn for a page, not for the place that it has here
    assert taken["PNG"].startswith(b"\x89PNG")


async def test_a_language_that_comes_later_has_its_chart_too(browser: Browser, settings: Settings) -> None:
    await write_counts(settings, [a_count(tag) for tag in ("all", "election")])
    async with seeing(browser, settings, "?span=all") as page:
        await shows(page, ".panel h3", "Turkish")

        await write_counts(settings, [a_count(tag, "ru") for tag in ("all", "election")])
        await shows(page, ".panel h3", "Russian")


async def test_an_archive_is_shown_whole_unless_a_span_is_asked_for(
    browser: Browser, settings: Settings
) -> None:
    """Its last day may hold a post or two. A link then names the span, so that it shows the same later."""
    counts = [
        a_count(tag, minute=minute, count=4) for tag in ("all", "election") for minute in (0, 3 * 1_440)
    ]
    await write_counts(settings, counts)
    async with seeing(browser, settings, "") as page:
        await shows(page, "#share-interval", "of 8 posts")
        await page.locator("#filters summary").click()
        assert await page.locator("#span").input_value() == "all"
        assert "span=all" in await page.locator("#embed-code").input_value()

        await page.select_option("#span", "day")
        await shows(page, "#share-interval", "of 4 posts")
        assert "span=day" in page.url
        await page.reload()
        await shows(page, "#share-interval", "of 4 posts")


async def test_where_is_by_language_or_by_source(browser: Browser, busy: str) -> None:
    async with looking(browser, busy + LAST_HOUR) as page:
        await expect(page.locator(".panel h3")).to_have_text(["Turkish16%", "English17%", "Russian17%"])
        await page.get_by_role("button", name="by source").click()
        await shows(page, ".panel[data-name=test] .about", "0 of 1 posts")
        await shows(page, "#where-off", "run the workers with SANDIK_SOURCES=test")
        assert "by=source" in page.url
        await page.go_back()
        await shows(page, ".panel h3", "Turkish")


async def test_a_source_that_is_counted_apart_can_be_chosen_and_all_is_of_it(
    browser: Browser, worker_settings: Settings
) -> None:
    settings = worker_settings.model_copy(update={"sources": "telegram,x"})
    await write_sources(
        settings,
        [
            a_count(tag, "tr", source=source, count=count)
            for source, posts in (("telegram", (9, 8, 4)), ("x", (5, 4, 1)), ("other", (1, 1, 0)))
            for tag, count in zip(("all", "election", "both"), posts, strict=True)
        ],
    )
    async with seeing(browser, settings, "?span=all&by=source") as page:
        await expect(page.locator(".panel h3")).to_have_text(["telegram50%", "x25%", "other sources0%"])
        await expect(page.locator("#where-off")).to_be_hidden()
        await page.click("#filters summary")
        await page.get_by_role("checkbox", name="telegram").check()
        await shows(page, "#headline", "50% of the posts from telegram about the election")
        await shows(page, "#share-interval", "4 of 8 posts")
        assert "source=telegram" in page.url
        await page.get_by_role("checkbox", name="other sources").check()
        await shows(page, "#share-interval", "4 of 9 posts")
        await page.get_by_role("checkbox", name="other sources").uncheck()
        await page.get_by_role("button", name="by language").click()
        await expect(page.locator(".panel h3")).to_have_text(["Turkish50%"])
        assert (await figures(page))[0][2:6] == ["9", "8", "0", "4"]
        assert await faults(page) == []
        await page.get_by_role("button", name="Turkish").click()
        await shows(page, "#headline", "50% of the posts in Turkish from telegram about the election")
        await expect(page.locator(".panel h3")).to_have_text(["telegram50%"])
        await page.get_by_role("button", name="All languages and sources").click()
        await shows(page, "#headline", "38% of the posts about the election")


async def test_the_link_to_json_has_the_figures_of_the_page(browser: Browser, busy: str) -> None:
    async with looking(browser, busy + "?span=hour&languages=tr,ru") as page:
        await page.locator("body[data-ready]").wait_for()
        address = await page.locator("#json").get_attribute("href")
        answer = await page.evaluate("address => fetch(address).then(a => a.json())", address)
        every = [row for row in answer["rows"] if row["language"] == "*"]
        both, base = (
            sum(row[part].get(tag, 0) for row in every for part in ("counts", "current"))
            for tag in ("both", "election")
        )
        await shows(page, "#share-interval", f"{both:,} of {base:,} posts")


async def test_what_is_not_all_read_yet_says_so(browser: Browser, busy: str) -> None:
    async def loading(route: Route) -> None:
        answer = await route.fetch()
        status = await answer.json()
        status["counts"] |= {"state": "loading", "progress": 0.1}
        await route.fulfill(response=answer, json=status)

    async with looking(browser, busy) as page:
        await page.route("**/api/status", loading)
        await page.route("**/api/stream?*", lambda route: route.abort())
        await page.reload()
        await shows(page, "#share-interval", "of what is read so far, 10% of the counts")
        await expect(page.locator("body")).to_have_class("partial")


#: Spans that begin before the data, or inside a bucket; and the posts about both and the election in them.
SPANS = {
    "?span=all&rollup=hour": "30 of 80 posts",
    "?span=all&rollup=day": "30 of 80 posts",
    "?span=day&rollup=hour": "30 of 80 posts",
    "?span=month": "30 of 80 posts",
    "?span=hour&rollup=five_minutes": "10 of 60 posts",
    f"?span=custom&rollup=hour&from={BASE_MS - 1}": "30 of 80 posts",
    f"?span=custom&rollup=day&from={BASE_MS + 23 * MINUTE_MS}&to={BASE_MS + 53 * MINUTE_MS}": "20 of 30",
}


async def test_the_headline_is_the_share_of_all_posts_of_its_span(
    browser: Browser, settings: Settings
) -> None:
    """An election post a minute from 13 past the hour on, the first thirty about deepfakes, too."""
    await write_counts(
        settings,
        [
            a_count(tag, minute=minute)
            for minute in range(13, 93)
            for tag in ("all", "election", *(["deepfake", "both"] if minute < 43 else []))
        ],
    )
    with dashboard(settings) as url:
        for query, words in SPANS.items():
            async with looking(browser, url + query) as page:
                await shows(page, "#share-interval", words)


async def test_a_sliding_span_stays_the_sum_of_what_lies_in_it(browser: Browser, settings: Settings) -> None:
    hour = [a_count(tag, minute=minute) for minute in range(7, 67) for tag in ("all", "election")]
    await write_counts(settings, hour)
    async with seeing(browser, settings, "?span=hour&rollup=five_minutes") as page:
        await shows(page, "#share-interval", "0 of 60 posts")

        for minute in range(67, 70):  # within a bucket, and to its end
            await write_counts(settings, [a_count(tag, minute=minute) for tag in ("all", "election", "both")])
            await shows(page, "#share-interval", f"{minute - 66} of 60 posts")
        for minute in range(70, 110):  # all but these slides out
            await write_counts(settings, [a_count("all", minute=minute)])
        await shows(page, "#share-interval", "3 of 20 posts")


async def test_the_operator_can_keep_all_texts_back(browser: Browser, settings: Settings) -> None:
    await write_counts(settings, [a_count()])
    await write_post(settings, TEXT, (Term("seçim", "election", 0, 5),))
    async with seeing(browser, settings, "", "--hide-texts") as page:
        await shows(page, "#posts-off", "Texts are not shown on this dashboard")
        assert "öncesi" not in await page.content()


async def test_what_happened_when_is_on_the_chart(
    browser: Browser, settings: Settings, tmp_path: Path
) -> None:
    await write_counts(settings, [a_count(tag, minute=m) for m in range(60) for tag in ("all", "election")])
    notes = tmp_path / "notes.toml"
    notes.write_text('[[note]]\nat = 2023-05-11T10:45:00Z\ntext = "A candidate warns"\n')
    async with seeing(browser, settings, LAST_HOUR, "--notes", str(notes)) as page:
        await shows(page, "#lead-chart text", "A candidate warns")


async def test_the_keyboard_reads_a_chart_and_reaches_every_choice(browser: Browser, busy: str) -> None:
    async with looking(browser, busy + LAST_HOUR) as page:
        await shows(page, ".text", "Seçim öncesi")
        await page.keyboard.press("Tab")
        assert await page.evaluate("document.activeElement.className") == "skip"
        reached = {await focused(page)}
        for _ in range(40):
            await page.keyboard.press("Tab")
            reached.add(await focused(page))
        assert {"span", "texts", "take-csv"} <= reached

        await page.locator("#filters summary").press("Enter")
        reached = set()
        for _ in range(40):
            await page.keyboard.press("Tab")
            reached.add(await focused(page))
        assert {"share", "rollup", "tr", "interface", "theme"} <= reached
        await page.locator("#filters summary").press("Enter")

        await page.locator("#lead-chart .plot").focus()
        await page.keyboard.press("End")
        await shows(page, "#lead-chart output", "17% (5.8%–39%), 3 of 18")
        await shows(page, "[data-name=tr] output", "17%")


async def focused(page: Page) -> str:
    found: str = await page.evaluate("document.activeElement.id || document.activeElement.dataset.value")
    return found


@pytest.mark.parametrize(
    ("locale", "words", "number", "share"),
    [("tr-TR", "Ani artışlar", "1.234", "%17"), ("ru-RU", "Всплески", "1\xa0234", "17\xa0%")],
)
async def test_words_numbers_and_times_are_the_reader_s(
    browser: Browser, busy: str, locale: str, words: str, number: str, share: str
) -> None:
    reader = {"locale": locale, "timezone_id": "Europe/Istanbul"}
    async with looking(browser, busy + LAST_HOUR, **reader) as page:
        await shows(page, "h2", words)
        await shows(page, "#table td", number)
        await shows(page, "#share-value", share)
        await shows(page, "#zone", "Europe/Istanbul")
        assert (await figures(page))[0][0].endswith("13:59")  # 10:59 UTC
        assert await page.evaluate("document.documentElement.lang") == locale[:2]
        assert await page.evaluate(SAME_WORDS) == []


#: Names, or places in a sentence, that are not the same in all languages.
SAME_WORDS = """async () => {
  const load = async (code) => (await import(`/static/words.${code}.js`)).default;
  const [en, tr, ru] = await Promise.all(["en", "tr", "ru"].map(load));
  const places = (sentence) => JSON.stringify((sentence?.match(/\\{\\w+\\}/g) ?? []).sort());
  return [...new Set([en, tr, ru].flatMap(Object.keys))]
    .filter((name) => [tr, ru].some((words) => !words[name] || places(words[name]) !== places(en[name])));
}"""


async def test_a_broker_that_goes_is_announced_and_one_that_comes_back_needs_no_hand(
    browser: Browser, tmp_path: Path
) -> None:
    with EmbeddedKafka(tmp_path / "kafka", heap_mb=256) as kafka:
        settings = Settings(broker=kafka.bootstrap_servers, topic_prefix=unique_prefix(), partitions=1)
        await create(settings, all_topics(settings))
        await write_counts(settings, [a_count(count=41)])
        async with seeing(browser, settings, "?languages=tr&rollup=minute") as page:
            await shows(page, "#table td", "41")

            kafka.kill()
            await shows(page, ".notice.bad", "Kafka has not answered since")
            assert await page.locator("#table td", has_text="41").count() == 1  # what is known stays
            assert await faults(page) == []

            kafka.start()
            await write_counts(settings, [a_count(count=42, revision=4)])
            await shows(page, "#table td", "42")
            await expect(page.locator("[data-kind=away]")).to_have_count(0)


async def test_a_page_survives_its_dashboard(browser: Browser, settings: Settings) -> None:
    await write_counts(settings, [a_count(count=41)])
    with dashboard(settings) as url:
        port = int(url.rstrip("/").rpartition(":")[2])
        opened = looking(browser, url + "?languages=tr&rollup=minute")
        page = await opened.__aenter__()
        await shows(page, "#table td", "41")
    await shows(page, ".notice.bad", "No connection to the dashboard")

    await write_counts(settings, [a_count(count=42, revision=4)])
    with dashboard(settings, port=port):
        await shows(page, "#table td", "42")
        await expect(page.locator("[data-kind=lost]")).to_have_count(0)
        await opened.__aexit__(None, None, None)
