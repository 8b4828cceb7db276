"""What contenders write, made comparable: cells, and where they stand after all that was written."""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, Self

import orjson
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

ALL = "all"
#: After every window.
NO_END = 1 << 62


class Cell(NamedTuple):
    """What a count is the count of. `group` is a language, or the feed where nobody looks at languages.

    Contenders that count each feed by itself have `part`, the feed; the sum over the parts is the count.
    """

    part: str
    window_start_ms: int
    group: str
    tag: str


Counted = tuple[Cell, int]
Parse = Callable[[Any, Any], Iterable[Counted]]


def sandik(_: bytes, value: Any) -> Iterable[Counted]:
    """Read a record of `counts`."""
    yield Cell("", value["window_start_ms"], value["language"], value["tag"]), value["count"]


def by_feed(_: bytes, value: Any) -> Iterable[Counted]:
    """Read what Kafka Streams and Bytewax write here."""
    yield Cell(value["feed"], value["window_start_ms"], value["feed"], ALL), value["count"]


def annotated(_: bytes, value: Any) -> Iterable[Counted]:
    """Read what Flink writes of the whole job: posts with the same cells are counted together."""
    language, _, tags = value["annotated"].partition(":")
    for tag in tags.split(","):
        yield Cell(value["annotated"], value["window_start_ms"], language, tag), value["count"]


def pathway(_: bytes, value: Any) -> Iterable[Counted]:
    """Read a row of Pathway's that came; one that went has been replaced."""
    if value["diff"] > 0:
        yield from by_feed(_, value)


def faust(_: bytes, value: Any) -> Iterable[Counted]:
    """Read what the naive Faust agent writes."""
    yield Cell("", value["window_start_ms"], value["group"], value["tag"]), value["count"]


def quix(key: bytes, value: Any) -> Iterable[Counted]:
    """Read a window of Quix Streams: a number, or the cells of a feed."""
    feed = key.decode()
    if isinstance(value["value"], int):
        yield Cell(feed, value["start"], feed, ALL), value["value"]
        return
    for language, counts in value["value"].items():
        for tag, count in counts.items():
            yield Cell(feed, value["start"], language, tag), count


class Follower:
    """Reads an output topic as it grows; the last record of a cell stands."""

    def __init__(self, broker: str, topic: str, parse: Parse | None) -> None:
        self.consumer = AIOKafkaConsumer(
            bootstrap_servers=broker,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
        )
        self.tp = TopicPartition(topic, 0)
        self.parse = parse
        self.latest: dict[Cell, int] = {}

    async def __aenter__(self) -> Self:
        await self.consumer.start()
        self.consumer.assign([self.tp])
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.consumer.stop()

    async def read(self, timeout_ms: int = 100) -> list[Counted]:
        """Take in what is there, waiting for it no longer than `timeout_ms`; return what it said."""
        found = await self.consumer.getmany(self.tp, timeout_ms=timeout_ms)
        said = [counted for record in found.get(self.tp, ()) for counted in self._parsed(record)]
        self.latest.update(said)
        return said

    def _parsed(self, record: ConsumerRecord) -> Iterable[Counted]:
        if record.value is None or self.parse is None:
            return ()
        return self.parse(record.key, orjson.loads(record.value))

    def total(self, before_ms: int) -> int:
        """Return how many posts are counted in windows that begin before that."""
        return sum(
            count
            for cell, count in self.latest.items()
            if cell.tag == ALL and cell.window_start_ms < before_ms
        )

    def summed(self, before_ms: int) -> Counter[tuple[int, str, str]]:
        """Return the counts of (window, group, tag), summed over the parts."""
        sums: Counter[tuple[int, str, str]] = Counter()
        for cell, count in self.latest.items():
            if cell.window_start_ms < before_ms:
                sums[cell.window_start_ms, cell.group, cell.tag] += count
        return sums
