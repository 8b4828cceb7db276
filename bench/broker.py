"""The broker of the benchmark: topics, posts, and what groups have committed."""

import asyncio
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from bench.data import PARTITIONS
from bench.progress import say
from bench.setup import WORK_DIR, peers_environment, peers_python
from sandik.broker import EmbeddedKafka
from sandik.kafka.topics import POSTS, TopicSpec, all_topics, connected, create
from sandik.settings import Settings

_POLL_S = 0.1

#: Kafka Streams and Quix Streams give their records the posts' event time: Kafka would delete them as old.
KEEP = {"log.retention.ms": "-1"}


@contextmanager
def running_kafka() -> Iterator[EmbeddedKafka]:
    """Run a broker of its own, with data that is gone afterwards."""
    WORK_DIR.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix="kafka-", dir=WORK_DIR) as data_dir:
        say("Starting Kafka")
        with EmbeddedKafka(Path(data_dir), heap_mb=1024, extra_config=KEEP) as kafka:
            yield kafka


class Broker:
    """What the harness asks of Kafka."""

    def __init__(self, kafka: EmbeddedKafka, partitions: int = PARTITIONS) -> None:
        self.kafka = kafka
        self.partitions = partitions
        self.address = kafka.bootstrap_servers

    def settings(self, prefix: str) -> Settings:
        """Return sandik's settings for the posts under a prefix."""
        return Settings(broker=self.address, topic_prefix=prefix, partitions=self.partitions)

    async def posts_of(self, count: int) -> str:
        """Return the prefix of the topics with so many posts, writing them if they are not there yet."""
        prefix = f"p{count}x{self.partitions}-"
        async with connected(self.settings("")) as admin:
            is_there = f"{prefix}{POSTS}" in await admin.list_topics()
        if not is_there:
            await self.make_topics(prefix)
            say(f"Writing {count:,} posts")
            what = [self.address, f"{prefix}{POSTS}", str(count), str(self.partitions)]
            command = [str(peers_python()), "-m", "bench.load", *what]
            await asyncio.to_thread(subprocess.run, command, env=peers_environment(), check=True)
        return prefix

    async def make_topics(self, prefix: str) -> None:
        """Make sandik's topics; those that exist stay."""
        settings = self.settings(prefix)
        await create(settings, all_topics(settings))

    async def make_output(self, topic: str) -> None:
        """Make a peer's output topic: one partition, as `counts`."""
        await create(self.settings(""), [TopicSpec(topic, 1, {"cleanup.policy": "delete"})])

    async def clean(self) -> None:
        """Delete all topics but the posts; return when they are gone."""
        async with connected(self.settings("")) as admin:
            while names := [name for name in await admin.list_topics() if not _stays(name)]:
                await admin.delete_topics(names)
                await asyncio.sleep(_POLL_S)

    @asynccontextmanager
    async def progress_of(self, run: str, topic: str) -> AsyncIterator["Progress"]:
        """Watch the group whose name contains `run` read the topic."""
        async with connected(self.settings("")) as admin:
            yield Progress(admin, run, topic)


class Progress:
    """How far a group is, by what it has committed: asking costs the same for every contender."""

    def __init__(self, admin: AIOKafkaAdminClient, run: str, topic: str) -> None:
        self.admin = admin
        self.run = run
        self.topic = topic
        self.group: str | None = None

    async def posts(self) -> int:
        """Return how many posts are committed."""
        with suppress(KafkaError):  # while the group rebalances, or Kafka makes its topic of groups
            if await self._found():
                offsets = await self.admin.list_consumer_group_offsets(self.group)
                return sum(max(0, found.offset) for tp, found in offsets.items() if tp.topic == self.topic)
        return 0

    async def members(self) -> int:
        """Return how many members the group has; 0 while it rebalances."""
        with suppress(KafkaError):
            if await self._found():
                [answer] = await self.admin.describe_consumer_groups([self.group])
                [(_, _, state, _, _, members, *_)] = answer.groups
                return len(members) if state == "Stable" else 0
        return 0

    async def _found(self) -> bool:
        if self.group is None:
            names = [name for name, *_ in await self.admin.list_consumer_groups()]
            self.group = next((name for name in names if self.run in name), None)
        return self.group is not None


def _stays(topic: str) -> bool:
    return topic.startswith("__") or topic.endswith(f"-{POSTS}")
