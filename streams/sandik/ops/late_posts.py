"""Late posts in `sandik doctor`: how many posts were too late, and from which sources."""

from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping
from hashlib import blake2b
from typing import NamedTuple

import msgspec
from aiokafka import ConsumerRecord, TopicPartition

from sandik.counting.surrogates import UNDECODABLE
from sandik.ingest.post_times.run_clocks import NEWEST_PARTIALS, Clocks
from sandik.kafka.consumer import consuming, newest_records
from sandik.kafka.topics import PARTIALS, POSTS, POSTS_LATE, connected, partitions_of
from sandik.ops.findings import Finding
from sandik.settings import Settings
from sandik_schemas.partial import PartitionClock
from sandik_schemas.post import Post

#: How many of the newest records of each partition are compared.
SAMPLE = 500
#: A source with fewer posts than this is not judged.
ENOUGH = 20
REPAIR = (
    "posts of a partition must be in the order of their times, or up to SANDIK_ALLOWED_LATENESS_MS late: "
    "`sandik ingest` sorts files; write older posts to their own topics (SANDIK_TOPIC_PREFIX)"
)

_decode = msgspec.json.Decoder(Post).decode


class Share(NamedTuple):
    """How many of a number of posts were too late."""

    late: int
    posts: int

    @property
    def is_most(self) -> bool:
        """Return whether more than half of them were too late."""
        return self.late * 2 > self.posts


def judged(run: Share, by_source: Mapping[str, Share]) -> list[Finding]:
    """Return the findings about a run, and about its sources by their newest posts."""
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
    """Return the share of a run, from the tallies of its partitions."""
    tallies = [clock.tally for clock in clocks]
    late = sum(tally.late for tally in tallies)
    return Share(late, late + sum(tally.counted + tally.duplicate for tally in tallies))


class Sources:
    """The share of each source among some posts. A letter has the bytes of the late post."""

    def __init__(self) -> None:
        self._posts: list[tuple[str, bytes]] = []
        self._letters: set[bytes] = set()

    def take_letter(self, record: ConsumerRecord) -> None:
        """Add a record of `posts.late`."""
        self._letters.add(_fingerprint(record))

    def take_post(self, record: ConsumerRecord) -> None:
        """Add a record of `posts`. Ignores invalid records, and marks that close windows."""
        try:
            post = _decode(record.value or b"")
        except UNDECODABLE:
            return
        if post.op == "create":
            self._posts.append((post.source, _fingerprint(record)))

    def shares(self) -> dict[str, Share]:
        """Return how many posts of each source were too late."""
        read = Counter(source for source, _ in self._posts)
        late = Counter(source for source, post in self._posts if post in self._letters)
        return {source: Share(late[source], number) for source, number in read.items()}


def _fingerprint(record: ConsumerRecord) -> bytes:
    return blake2b((record.key or b"") + b"\0" + (record.value or b""), digest_size=16).digest()


async def too_late(settings: Settings) -> AsyncIterator[Finding]:
    """Say how many posts of the last run were too late, and from which sources most were.

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
    clocks, sources = Clocks(), Sources()
    take = {posts: sources.take_post, late: sources.take_letter, partials: clocks.take}
    async with consuming(settings) as consumer:
        async for record in newest_records(consumer, limits):
            take[record.topic](record)
    for finding in judged(of_run(clocks.furthest.values()), sources.shares()):
        yield finding
