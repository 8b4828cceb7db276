"""The posts of the benchmark: real texts, event times at a steady rate, twelve feeds. The same every time."""

import csv
import gzip
import os
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import orjson

PARTITIONS = 12
BASE_MS = 1_683_849_600_000  # 2023-05-12T00:00Z, the start of a window
WINDOW_MS = 60_000
#: A second of these in event time: a partition fills 1,000 posts into each window.
EVENT_RATE = 200
#: Posts are out of order by so much at most, so that none is late for any contender.
DISORDER_MS = 5_000
#: Each feed ends with one post this far ahead, which closes all windows before it.
CLOSING_MS = 3_600_000
#: Seed of everything random.
SEED = 6


class NewPost(NamedTuple):
    """A record to write. The key is the feed: peers count by key, and so need no repartitioning."""

    partition: int
    key: bytes
    value: bytes


def data_dir() -> Path:
    """Return the folder of the archives: $SANDIK_TEST_DATA, or `shared/data` beside the project."""
    return Path(os.environ.get("SANDIK_TEST_DATA") or Path(__file__).parents[2] / "shared" / "data")


def all_texts() -> list[str]:
    """Return the tweets of the IRA archive and the Turkish and Russian texts of lid_dev, each once, shuffled.

    Raises:
        SystemExit: the archives are not there.
    """
    texts = [row["content"] for row in _rows("ira_2016-09-15_2016-11-15.tsv.gz")]
    texts += [row["text"] for row in _rows("lid_dev.tsv.gz") if row["lang"] in ("tr", "ru")]
    random.Random(SEED).shuffle(texts)  # noqa: S311 - an order, no secret
    return texts


def lid_texts() -> list[str]:
    """Return all texts of lid_dev, which has more languages."""
    return [row["text"] for row in _rows("lid_dev.tsv.gz")]


def feed(partition: int) -> str:
    """Return the name of the feed that fills the partition."""
    return f"feed-{partition:02}"


def posts(texts: Sequence[str], count: int, partitions: int = PARTITIONS) -> Iterator[NewPost]:
    """Yield `count` posts, and one more a feed to close its windows. Texts repeat when they run out."""
    chance = random.Random(SEED)  # noqa: S311 - as above
    for number in range(count):
        created_at_ms = BASE_MS + number * 1000 // EVENT_RATE + chance.randrange(DISORDER_MS)
        yield a_post(number, number % partitions, created_at_ms, texts[number % len(texts)])
    for partition in range(partitions):
        yield a_post(count + partition, partition, closing_ms(count), texts[partition])


def closing_ms(count: int) -> int:
    """Return the event time of the posts that close the windows of `count` posts: a window begins there."""
    end_ms = BASE_MS + count * 1000 // EVENT_RATE
    return end_ms - end_ms % WINDOW_MS + CLOSING_MS


def a_post(number: int, partition: int, created_at_ms: int, text: str) -> NewPost:
    """Return a post of the partition's feed as JSON."""
    value = {
        "id": f"bench:{number}",
        "source": feed(partition),
        "created_at_ms": created_at_ms,
        "text": text,
        "author_id": f"author-{number % 9973}",
        "url": f"https://posts.example/{number}",
    }
    return NewPost(partition, feed(partition).encode(), orjson.dumps(value))


def _rows(name: str) -> Iterator[dict[str, str]]:
    path = data_dir() / name
    if not path.is_file():
        raise SystemExit(f"bench: {path} is not there: set SANDIK_TEST_DATA to the folder that has it")
    with gzip.open(path, "rt", encoding="utf-8", newline="\n") as file:
        yield from csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
