"""What `sandik doctor` says of posts that came too late: how many of all, and which sources they are of."""

from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping
from typing import NamedTuple

import msgspec
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from schemas.partial import PartitionClock
from schemas.post import Post
from streams.connection import client_options, let_go, unreachable
from streams.ingest.standing import NEWEST_PARTIALS, clocks_in, newest
from streams.ops.examine import Finding
from streams.settings import Settings
from streams.topics import PARTIALS, POSTS, POSTS_LATE, connected, partitions_of

#: How many of the newest records of each partition are compared.
SAMPLE = 500
#: So many posts of a source tell something of it.
ENOUGH = 20
REPAIR = (
    "posts of a partition must come in the order of their times, or up to SANDIK_ALLOWED_LATENESS_MS late: "
    "`sandik ingest` puts files in order; what is older than what is counted belongs in topics of its own "
    "(SANDIK_TOPIC_PREFIX)"
)

_decode = msgspec.json.Decoder(Post).decode


class Share(NamedTuple):
    """How many of some posts were too late."""

    late: int
    posts: int

    @property
    def is_most(self) -> bool:
        """Say whether more than half of them were."""
        return self.late * 2 > self.posts


def judged(run: Share, by_source: Mapping[str, Share]) -> list[Finding]:
    """Return what is to be said of a run, and of its sources as far as their newest posts tell."""
    if not run.posts:
        return []
    found = [
        Finding(
            "warning",
            "posts.late",
            f"{share.late} of the newest {share.posts} posts of {source} were too late",
            REPAIR,
        )
        for source, share in sorted(by_source.items())
        if share.is_most and share.posts >= ENOUGH
    ]
    message = f"{run.late} of {run.posts} posts were too late to be counted"
    if run.is_most:
        return [Finding("warning", "posts.late", message, REPAIR), *found]
    return found or [Finding("ok", "posts.late", message)]


def of_run(clocks: Iterable[PartitionClock]) -> Share:
    """Return the share of a run, by the tallies of its partitions."""
    tallies = [clock.tally for clock in clocks]
    late = sum(tally.late for tally in tallies)
    return Share(late, late + sum(tally.counted + tally.duplicate for tally in tallies))


def of_sources(posts: Iterable[ConsumerRecord], late: Iterable[ConsumerRecord]) -> dict[str, Share]:
    """Return the share of each source of these posts. A letter has the bytes of the post that was late."""
    letters = {(record.key, record.value) for record in late}
    read: Counter[str] = Counter()
    too_late: Counter[str] = Counter()
    for record in posts:
        try:
            post = _decode(record.value or b"")
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            continue
        if post.op == "create":
            read[post.source] += 1
            too_late[post.source] += (record.key, record.value) in letters
    return {source: Share(too_late[source], number) for source, number in read.items()}


async def too_late(settings: Settings) -> AsyncIterator[Finding]:
    """Say how many posts of the run that wrote last were too late, and of which sources most were.

    Raises:
        BrokerError: Kafka does not answer.
    """
    posts, late, partials = (settings.topic(name) for name in (POSTS, POSTS_LATE, PARTIALS))
    async with connected(settings) as admin:
        known = await partitions_of(admin, [posts, late, partials])
    if len(known) < 3:
        return
    limits = {
        TopicPartition(name, partition): NEWEST_PARTIALS if name == partials else SAMPLE
        for name, partitions in known.items()
        for partition in range(partitions)
    }
    consumer = AIOKafkaConsumer(
        **client_options(settings), enable_auto_commit=False, isolation_level="read_committed"
    )
    try:
        await consumer.start()
        records = await newest(consumer, limits)
    except KafkaError as error:
        raise await unreachable(client_options(settings), error) from error
    finally:
        await let_go(consumer)
    by_topic = {name: [record for record in records if record.topic == name] for name in known}
    run = of_run(clocks_in(by_topic[partials]).values())
    for finding in judged(run, of_sources(by_topic[posts], by_topic[late])):
        yield finding
