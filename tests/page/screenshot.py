"""Take docs/dashboard.png: the demo's evening of May 2023, as it stood at 18:21.

`python -m tests.page.screenshot` does all of it: Kafka, the sample's first posts, a worker, the page.
"""

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory

import orjson

from sandik.broker import EmbeddedKafka
from sandik.kafka.topics import all_topics, create
from sandik.settings import Settings
from tests.page.browser import chromium, dashboard, looking, shows
from tests.support.command import sandik
from tests.support.workers import Workers, environment

SAMPLE = Path("deploy/demo/posts.jsonl")
PICTURE = Path("docs/dashboard.png")
UNTIL_MS = 1_683_829_275_000
QUERY = "?span=all"


async def take(evening: list[bytes]) -> None:
    """Count the posts of the evening up to then, and take the picture."""
    with TemporaryDirectory() as folder, EmbeddedKafka(Path(folder) / "kafka") as kafka:
        settings = Settings(broker=kafka.bootstrap_servers, partitions=2, idle_after_ms=600_000)
        await create(settings, all_topics(settings))
        with Workers(environment(settings), Path(folder)) as workers, dashboard(settings) as url:
            workers.start()
            done = sandik("ingest", "-", stdin=b"\n".join(evening), environment=environment(settings))
            done.check_returncode()
            options = {"viewport": {"width": 1_280, "height": 1_150}, "color_scheme": "light"}
            async with chromium() as browser, looking(browser, url + QUERY, **options) as page:
                page.set_default_timeout(300_000)  # a busy machine may take its time to start a worker
                await shows(page, "#table td", "final")
                await shows(page, "#table td", "current")
                await page.wait_for_timeout(3_000)  # until the last posts are counted, too
                await page.screenshot(path=PICTURE)


if __name__ == "__main__":
    lines = SAMPLE.read_bytes().splitlines()
    asyncio.run(take([line for line in lines if orjson.loads(line)["created_at_ms"] <= UNTIL_MS]))
