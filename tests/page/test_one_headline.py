"""Law: a headline is the sum of all posts in its span, whoever is asked, in any zone and by any step."""

import json
import random
import urllib.request
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.async_api import Browser

from sandik.settings import Settings
from sandik_schemas.count import Count
from tests.dashboard.builders import BASE_MS, MINUTE_MS, a_count
from tests.page.browser import dashboard, looking, shows, write_counts
from tests.support.command import sandik
from tests.support.workers import environment

pytestmark = [pytest.mark.broker, pytest.mark.timeout(400), pytest.mark.asyncio(loop_scope="session")]

MINUTES = 300
ZONES = ("Europe/Istanbul", "Europe/Moscow", "America/St_Johns", "Asia/Kathmandu", "UTC")
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


@pytest.mark.parametrize("seed", range(3))
async def test_page_api_report_export_and_counts_tell_the_same(
    browser: Browser, settings: Settings, tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    counts = some_counts(chance)
    await write_counts(settings, counts)
    first, last = sorted(chance.sample(range(-90, MINUTES + 90), 2))
    from_ms, to_ms = BASE_MS + first * MINUTE_MS, BASE_MS + last * MINUTE_MS
    rollup, zone = chance.choice([*ROLLUPS]), chance.choice(ZONES)
    wanted: Counter[str] = Counter()
    for one in counts:
        if from_ms <= one.window_start_ms < to_ms:
            wanted[one.tag] += one.count
    assert wanted["election"]

    def command(*words: str) -> str:
        bounds = [
            datetime.fromtimestamp(ms / 1000, UTC).astimezone(ZoneInfo(zone)) for ms in (from_ms, to_ms)
        ]
        span = ("--from", bounds[0].isoformat(), "--to", bounds[1].isoformat())
        done = sandik(*words, *span, environment=environment(settings))
        assert done.returncode == 0, done.stderr
        return done.stdout.decode()

    out = tmp_path / "counts.jsonl"
    command("export", "counts", str(out))
    report = json.loads(command("report", "live", "--json", "--step", "1m", "--no-examples"))
    query = f"from_ms={from_ms}&to_ms={to_ms}&rollup_ms={ROLLUPS[rollup] * MINUTE_MS}&language=*"
    address = f"?span=custom&from={from_ms}&to={to_ms}&rollup={rollup}"
    with dashboard(settings) as url:
        async with looking(browser, url + address, timezone_id=zone) as page:
            await shows(page, "#share-interval", f"{wanted['both']} of {wanted['election']:,} posts")
            api, headline = (
                json.loads(urllib.request.urlopen(f"{url}api/{name}?{query}").read())  # noqa: ASYNC210, S310
                for name in ("counts", "headline")
            )

    told = {
        "counts": sums([json.loads(line) for line in command("counts", "--once", "--json").splitlines()]),
        "export": sums([json.loads(line) for line in out.read_text().splitlines()]),
        "report": report["figures"]["languages"][0]["posts"],
        "headline": headline["now"]["posts"],
        "api": Counter(
            {
                tag: sum(row[part].get(tag, 0) for row in api["rows"] for part in ("counts", "current"))
                for tag in TAGS
            }
        ),
    }
    for name, found in told.items():
        assert {tag: found[tag] for tag in TAGS} == {tag: wanted[tag] for tag in TAGS}, name
