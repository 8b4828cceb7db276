"""Take a code block out of a recipe, and what it has to give when it is run."""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from sandik.settings import Settings
from tests.support.kafka import read_topic
from tests.support.workers import Follower, Workers

RECIPES = Path(__file__).parents[2] / "docs" / "recipes"

Cell = dict[str, Any]


class Counted(NamedTuple):
    """A topic `counts` with real counts: where it is, and its records (key, value) in their order."""

    settings: Settings
    records: Sequence[tuple[bytes, bytes]]

    @property
    def cells(self) -> dict[str, Cell]:
        """Return the record with the highest revision of each key: what every recipe has to find."""
        cells: dict[str, Cell] = {}
        for key, value in self.records:
            cell = json.loads(value)
            if cell["revision"] > cells.get(key.decode(), {"revision": -1})["revision"]:
                cells[key.decode()] = cell
        return cells

    def adapted(self, code: str) -> str:
        """Return the code of a recipe for this Kafka and these topics."""
        prefix = self.settings.topic_prefix
        code = code.replace("127.0.0.1:9092", self.settings.broker)
        return re.sub(r"""(["'])counts(\.enveloped)?\1|(-t )counts\b""", _with_prefix(prefix), code)


def blocks(recipe: str, language: str) -> list[str]:
    """Return the code blocks of that language in docs/recipes, in their order."""
    text = (RECIPES / f"{recipe}.md").read_text(encoding="utf-8")
    found: list[str] = re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return found


def hourly_shares(cells: dict[str, Cell], size_ms: int = 3_600_000) -> list[tuple[int, str, int, int]]:
    """Return (start of the bucket, language, election, both) of the final cells, by a plain loop."""
    sums: dict[tuple[int, str], dict[str, int]] = {}
    for cell in cells.values():
        if cell["is_final"]:
            bucket = cell["window_start_ms"] // size_ms * size_ms, cell["language"]
            tags = sums.setdefault(bucket, {})
            tags[cell["tag"]] = tags.get(cell["tag"], 0) + cell["count"]
    return [(*bucket, tags.get("election", 0), tags.get("both", 0)) for bucket, tags in sorted(sums.items())]


async def counted_records(settings: Settings, posts: int, workers: Workers) -> list[tuple[bytes, bytes]]:
    """Wait until all posts are counted and the windows before the newest final; return all records."""
    async with Follower(settings.broker, settings.topic("counts")) as follower:

        async def all_counted() -> bool:
            if await follower.total() < posts:
                return False
            newest_ms = max(count.window_start_ms for count in follower.latest.values())
            return all(
                count.is_final or count.window_start_ms == newest_ms for count in follower.latest.values()
            )

        await workers.until(all_counted, 300, f"all {posts} posts are counted")
    records = await read_topic(settings.broker, settings.topic("counts"))
    return [(record.key or b"", record.value or b"") for record in records]


def _with_prefix(prefix: str) -> Any:
    def replaced(match: re.Match[str]) -> str:
        return match[0].replace("counts", f"{prefix}counts")

    return replaced
