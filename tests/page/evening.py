"""The demo's evening of May 2023, counted by a worker: what pictures of the page show."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from sandik.kafka.topics import all_topics, create
from sandik.settings import Settings
from tests.support.command import sandik
from tests.support.kafka import wait_until
from tests.support.warm import start
from tests.support.workers import Follower, Workers, environment

_PROGRAM = "deploy.demo.evening"
#: Windows stay open for the pictures; each invented post has an invented source.
SETTINGS: dict[str, Any] = {"partitions": 1, "idle_after_ms": 600_000, "sources": "messenger,microblog"}
SOURCES = "messenger microblog messenger forum".split()  # noqa: SIM905 - readable
BEGIN_MS = 1_683_824_400_000
#: 21:22 in Istanbul.
UNTIL_MS = BEGIN_MS + 82 * 60_000
#: From the warning on, with as long before behind it.
QUERY = f"?span=custom&from={BEGIN_MS + 41 * 60_000}&to={UNTIL_MS}&compare=before"
ISTANBUL = {"timezone_id": "Europe/Istanbul"}
NOTES = """
[[note]]
at = "2023-05-11T17:42Z"
text = "A candidate warns of deepfakes"
"""


def whole_evening() -> bytes:
    """Return all posts of the demo's evening as lines, in the order of ingest."""
    with start(_PROGRAM, environment=os.environ, stdout=subprocess.PIPE) as process:
        lines, _ = process.communicate()
    assert process.returncode == 0
    return lines


def evening() -> list[bytes]:
    """Return the posts up to then, in the order of ingest."""
    posts = [json.loads(line) for line in whole_evening().splitlines()]
    return [
        json.dumps(post | {"source": SOURCES[number % len(SOURCES)]}).encode()
        for number, post in enumerate(posts)
        if post["created_at_ms"] <= UNTIL_MS
    ]


async def count_evening(settings: Settings, folder: Path) -> None:
    """Create the topics, and count the posts: in halves, so that late ones correct what is final."""
    await create(settings, all_topics(settings))
    posts = evening()
    half = len(posts) // 2
    with Workers(environment(settings), folder) as workers:
        workers.start()
        async with Follower(settings.broker, settings.topic("counts.sources")) as follower:  # the last
            for some, until in ((posts[:half], half), (posts[half:], len(posts))):
                lines = b"\n".join(some)
                ingested = sandik(
                    "ingest", "--order", "as-is", "-", stdin=lines, environment=environment(settings)
                )
                ingested.check_returncode()

                async def are_counted(until: int = until) -> bool:
                    return await follower.total() == until

                await wait_until(are_counted, 600, "all posts are counted")
