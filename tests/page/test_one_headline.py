"""Law: a headline is the sum of all posts in its span, whoever is asked, in any zone and by any step."""

import json
import random
import urllib.request
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import msgspec
import pytest
from playwright.async_api import Browser

from sandik.settings import Settings
from sandik_schemas.count import Count
from tests.dashboard.builders import BASE_MS, MINUTE_MS, a_count
from tests.page.browser import dashboard, looking, shows, write_counts, write_sources
from tests.support.command import succeed
from tests.support.workers import environment

pytestmark = [pytest.mark.broker, pytest.mark.timeout(400), pytest.mark.asyncio(loop_scope="session")]

MINUTES = 300
ZONES = ("Europe/Istanbul", "Europe/Moscow", "America/St_Johns", "Asia/Kathmandu", "Pacific/Chatham", "UTC")
#: Steps of a report. It may begin and end inside one.
STEPS = ("1m", "5m", "15m", "1h", "1d")
ROLLUPS = {"minute": 1, "five_minutes": 5, "quarter": 15, "hour": 60, "day": 1_440}
TAGS = ("both", "election")


def some_counts(chance: random.Random) -> list[Count]:
    """Counts of some minutes, so that steps have holes; posts of two languages among them."""
    return [
        a_count(tag, language, minute=minute, count=count, is_final=minute < MINUTES - 30, revision=3)
        for minute in sorted(chance.sample(range(MINUTES), MINUTES // 2))
        for language in ("tr", "ru", "en", "ru+tr")
        for election in [chance.randrange(4)]
        for tag, count in (("all", 5), ("election", election), ("both", chance.randint(0, election)))
        if count
    ]


def sums(rows: list[dict[str, Any]]) -> Counter[str]:
    """Add up cells as `counts` and `export` tell them."""
    found: Counter[str] = Counter()
    for row in rows:
        found[row["tag"]] += row["count"]
    return found


class Told(NamedTuple):
    """What is asked for, and who is asked."""

    settings: Settings
    from_ms: int
    to_ms: int
    zone: str

    def command(self, *words: str) -> str:
        """Return what a command says of that span, told in that zone."""
        bounds = [
            datetime.fromtimestamp(ms / 1000, UTC).astimezone(ZoneInfo(self.zone)).isoformat()
            for ms in (self.from_ms, self.to_ms)
        ]
        span = ("--from", bounds[0], "--to", bounds[1])
        done = succeed(*words, *span, environment=environment(self.settings))
        return done.stdout.decode()

    def report(self, step: str) -> Any:
        """Return the report of that span in such steps."""
        return json.loads(self.command("report", "live", "--json", "--step", step, "--no-examples"))

    def lines(self, *words: str) -> Counter[str]:
        """Return the sum of the cells that a command prints."""
        return sums([json.loads(line) for line in self.command(*words).splitlines()])


def some_span(chance: random.Random) -> tuple[int, int]:
    first, last = sorted(chance.sample(range(-90, MINUTES + 90), 2))
    return BASE_MS + first * MINUTE_MS, BASE_MS + last * MINUTE_MS


def api(url: str, name: str, **query: Any) -> Any:
    """Return an answer of the dashboard at `url`."""
    return json.loads(urllib.request.urlopen(f"{url}api/{name}?{urlencode(query)}").read())  # noqa: S310


def agree(told: dict[str, Counter[str]], wanted: Counter[str]) -> None:
    for name, found in told.items():
        assert {tag: found[tag] for tag in TAGS} == {tag: wanted[tag] for tag in TAGS}, name


@pytest.mark.parametrize("seed", range(3))
async def test_page_api_report_export_and_counts_tell_the_same(
    browser: Browser, settings: Settings, tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    counts = some_counts(chance)
    await write_counts(settings, counts)
    from_ms, to_ms = some_span(chance)
    rollup, zone = chance.choice([*ROLLUPS]), chance.choice(ZONES)
    wanted: Counter[str] = Counter()
    for one in counts:
        if from_ms <= one.window_start_ms < to_ms:
            wanted[one.tag] += one.count
    assert wanted["election"]

    told = Told(settings, from_ms, to_ms, zone)
    out = tmp_path / "counts.jsonl"
    told.command("export", "counts", str(out))
    report = told.report(chance.choice(STEPS))
    address = f"?span=custom&from={from_ms}&to={to_ms}&rollup={rollup}"
    with dashboard(settings) as url:
        async with looking(browser, url + address, timezone_id=zone) as page:
            await shows(page, "#share-interval", f"{wanted['both']} of {wanted['election']:,} posts")
            query = {"from_ms": from_ms, "to_ms": to_ms, "rollup_ms": ROLLUPS[rollup] * MINUTE_MS}
            rows = api(url, "counts", **query, language="*")["rows"]
            headline = api(url, "headline", **query)

    parts = [row[part] for row in rows for part in ("counts", "current")]
    agree(
        {
            "counts": told.lines("counts", "--once", "--json"),
            "export": sums([json.loads(line) for line in out.read_text().splitlines()]),
            "report": Counter(report["figures"]["languages"][0]["posts"]),
            "headline": Counter(headline["now"]["posts"]),
            "api": Counter({tag: sum(one.get(tag, 0) for one in parts) for tag in TAGS}),
        },
        wanted,
    )


@pytest.mark.parametrize("seed", [0, 2])
async def test_of_a_source_they_tell_the_same_too(
    browser: Browser, worker_settings: Settings, tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    settings = worker_settings.model_copy(update={"sources": "x,telegram"})
    counts = [
        msgspec.structs.replace(one, source=source)
        for source in ("telegram", "x", "other")
        for one in some_counts(chance)
    ]
    await write_sources(settings, counts)
    from_ms, to_ms = some_span(chance)
    rollup, zone = chance.choice([*ROLLUPS]), chance.choice(ZONES)
    wanted: Counter[str] = Counter()
    for one in counts:
        if from_ms <= one.window_start_ms < to_ms and one.source == "telegram":
            wanted[one.tag] += one.count
    assert wanted["election"]

    told = Told(settings, from_ms, to_ms, zone)
    out = tmp_path / "sources.jsonl"
    told.command("export", "sources", str(out))
    exported = [json.loads(line) for line in out.read_text().splitlines()]
    report = told.report(chance.choice(STEPS))
    [reported] = [one["posts"] for one in report["sources"] if one["source"] == "telegram"]
    shown = f"{wanted['both']} of {wanted['election']:,} posts"
    address = f"?span=custom&from={from_ms}&to={to_ms}&rollup={rollup}&by=source"
    with dashboard(settings) as url:
        async with looking(browser, url + address, timezone_id=zone) as page:
            await shows(page, ".panel[data-name=telegram] .about", shown)
        async with looking(browser, f"{url}{address}&source=telegram", timezone_id=zone) as page:
            await shows(page, "#share-interval", shown)
            query = {"from_ms": from_ms, "to_ms": to_ms, "rollup_ms": ROLLUPS[rollup] * MINUTE_MS}
            headline = api(url, "headline", **query, source="telegram")
            parts = api(url, "where", **query, by="source")["parts"]

    agree(
        {
            "counts": told.lines("counts", "--once", "--json", "--source", "telegram"),
            "export": sums([one for one in exported if one["source"] == "telegram"]),
            "report": Counter(reported),
            "headline": Counter(headline["now"]["posts"]),
            "where": Counter(next(one["posts"] for one in parts if one["name"] == "telegram")),
        },
        wanted,
    )
