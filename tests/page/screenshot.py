"""Take docs/dashboard.png: the demo's evening of May 2023, as it stood at 21:22 in Istanbul.

`python -m tests.page.screenshot` does all of it: Kafka, the posts, a worker, the page.
"""

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from sandik.broker import EmbeddedKafka
from sandik.kafka.topics import all_topics, create
from sandik.settings import Settings
from tests.page.browser import chromium, dashboard, looking, shows
from tests.support.command import sandik
from tests.support.kafka import wait_until
from tests.support.workers import Follower, Workers, environment

EVENING = Path("deploy/demo/evening.py")
PICTURE = Path("docs/dashboard.png")
BEGIN_MS = 1_683_824_400_000
UNTIL_MS = BEGIN_MS + 82 * 60_000
#: From the warning on, with as long before behind it.
QUERY = f"?span=custom&from={BEGIN_MS + 41 * 60_000}&to={UNTIL_MS}&compare=before"
NOTES = """
[[note]]
at = "2023-05-11T17:42Z"
text = "A candidate warns of deepfakes"
"""


def evening() -> list[bytes]:
    """Return the posts of the evening in the order of ingest."""
    done = subprocess.run([sys.executable, str(EVENING)], stdout=subprocess.PIPE, check=True)
    return done.stdout.splitlines()


async def take(posts: list[bytes]) -> None:
    """Count the posts of the evening up to then, and take the picture."""
    with TemporaryDirectory() as folder, EmbeddedKafka(Path(folder) / "kafka") as kafka:
        settings = Settings(broker=kafka.bootstrap_servers, partitions=1, idle_after_ms=600_000)
        await create(settings, all_topics(settings))
        notes = Path(folder) / "notes.toml"
        notes.write_text(NOTES)
        with (
            Workers(environment(settings), Path(folder)) as workers,
            dashboard(settings, "--notes", str(notes)) as url,
        ):
            workers.start()
            half = len(posts) // 2  # what comes late corrects what is final by then
            async with Follower(settings.broker, "counts") as follower:
                for some, until in ((posts[:half], half), (posts[half:], len(posts))):
                    ingested = sandik(
                        "ingest",
                        "--order",
                        "as-is",
                        "-",
                        stdin=b"\n".join(some),
                        environment=environment(settings),
                    )
                    ingested.check_returncode()

                    async def are_counted(until: int = until) -> bool:
                        return await follower.total() == until

                    await wait_until(are_counted, 600, "all posts are counted")
            options = {"viewport": {"width": 1_280, "height": 1_150}, "color_scheme": "light"}
            options |= {"timezone_id": "Europe/Istanbul"}
            async with chromium() as browser, looking(browser, url + QUERY, **options) as page:
                await shows(page, "#table td", "final")
                await page.locator(".text").first.wait_for()
                await page.wait_for_timeout(6_000)  # until what came last is drawn, too
                await page.screenshot(path=PICTURE)


if __name__ == "__main__":
    asyncio.run(take([line for line in evening() if json.loads(line)["created_at_ms"] <= UNTIL_MS]))
