"""What every fault test needs: posts, their independent count, and who holds which partition."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import msgspec
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.coordinator.protocol import ConsumerProtocolMemberAssignment
from aiokafka.errors import GroupCoordinatorNotAvailableError

from sandik.counting.job import Job
from sandik.kafka.topics import POSTS, all_topics, create
from sandik.run_identity import application_id, load_job
from sandik.settings import Settings
from tests.support.kafka import admin_of, delete_records, end_offsets, has_records, produce, wait_until
from tests.support.lexicons import SMALL
from tests.support.truth import single_pass
from tests.support.workers import Follower, Workers

BASE_MS = 1_683_800_040_000
STEP_MS = 20
#: Below half of `max_disorder_ms`, so that no post is late, whatever the partitions.
DISORDER_MS = 14_000
TEXTS = [
    "Seçim günü sandığa sahip çıkalım, oyumuza sahip çıkalım",
    "Bu seçim öncesi deepfake videolar yayılıyor, dikkat edin arkadaşlar",
    "Bugün hava çok güzel, arkadaşlarla sahilde yürüyüşe çıktık",
    "Выборы президента: дипфейк видео распространяется в соцсетях",
    "Сегодня был отличный день, мы гуляли в парке с друзьями",
    "The election is days away and deepfake videos are spreading on social media",
]

Post = tuple[bytes, bytes]


def brief(settings: Settings) -> Settings:
    """The settings with short windows that are soon settled, the fast detector, and few words.

    Many windows are opened, final and forgotten while the fault happens, and a worker that begins anew is
    there at once.
    """
    return settings.model_copy(
        update={
            "window_size_ms": 10_000,
            "allowed_lateness_ms": 10_000,
            "detector": "fasttext",
            "lexicon": str(SMALL),
        }
    )


def some_posts(count: int, seed: int = 0) -> list[Post]:
    """Return posts, one every 20 ms of event time, out of order but never late."""
    chance = random.Random(seed)
    found = []
    for number in range(count):
        created_at_ms = BASE_MS + number * STEP_MS + chance.randrange(-DISORDER_MS, DISORDER_MS)
        text = chance.choice(TEXTS)
        value = {"id": f"test:{number}", "source": "test", "created_at_ms": created_at_ms, "text": text}
        found.append((f"test:{number}".encode(), msgspec.json.encode(value)))
    return found


def a_post(number: int, created_at_ms: int) -> Post:
    """Return a post of that event time that carries a tag."""
    post_id = f"test:{number}"
    value = {"id": post_id, "source": "test", "created_at_ms": created_at_ms, "text": TEXTS[0]}
    return post_id.encode(), msgspec.json.encode(value)


class Scene:
    """The topics of one test, the posts written so far, and the group of workers that counts them."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.job: Job = load_job(settings)
        self.group = application_id(settings, self.job)
        self.written: list[Post] = []

    @classmethod
    async def made(cls, settings: Settings) -> "Scene":
        """Return one with topics."""
        scene = cls(settings)
        await scene.make_topics()
        return scene

    async def make_topics(self) -> None:
        await create(self.settings, all_topics(self.settings))

    async def write(self, posts: Sequence[Post]) -> None:
        """Write the posts; the key decides the partition."""
        records = [(key, value, None, None) for key, value in posts]
        await produce(self.settings.broker, self.settings.topic(POSTS), records)
        self.written += posts

    async def delete_posts(self) -> None:
        """Delete all posts that there are, as the retention would."""
        ends = dict(enumerate(await self.ends()))
        await delete_records(self.settings.broker, self.settings.topic(POSTS), ends)

    def truth(self) -> Counter[bytes]:
        """Count what was written, independently of the workers."""
        posts = [msgspec.json.decode(value) for _, value in self.written]
        return single_pass(
            [(post["created_at_ms"], post["text"], post.get("lang_hint")) for post in posts], self.job
        )

    async def shares(self) -> list[int]:
        """Return how many partitions of `posts` each member of the group has; empty while it rebalances."""
        return sorted((await self.members()).values())

    async def members(self) -> dict[str, int]:
        """Return the same by member; one that comes back, even under a name it keeps, is another member."""
        async with self._admin() as admin:
            [answer] = await admin.describe_consumer_groups([self.group])
        [(_, _, state, _, _, members, *_)] = answer.groups
        if state != "Stable":
            return {}
        topic = self.settings.topic(POSTS)
        found = {}
        for member, *_, assignment in members:
            assigned = ConsumerProtocolMemberAssignment.decode(assignment).assignment
            found[member] = sum(len(partitions) for name, partitions in assigned if name == topic)
        return found

    async def ends(self) -> list[int]:
        """Return where each partition of `posts` ends."""
        topic = self.settings.topic(POSTS)
        tps = [TopicPartition(topic, partition) for partition in range(self.settings.partitions)]
        ends = await end_offsets(self.settings.broker, tps)
        return [ends[tp] for tp in tps]

    async def committed(self) -> dict[TopicPartition, int]:
        """Return what the group has committed."""
        async with self._admin() as admin:
            found = await admin.list_consumer_group_offsets(self.group)
        return {tp: committed.offset for tp, committed in found.items()}

    @asynccontextmanager
    async def _admin(self) -> AsyncIterator[AIOKafkaAdminClient]:
        async with admin_of(self.settings.broker) as admin:

            async def is_there() -> bool:
                try:
                    await admin.find_coordinator(self.group)
                except GroupCoordinatorNotAvailableError:
                    return False
                return True

            # A broker that has never seen a group makes the topic of groups first.
            await wait_until(is_there, 60, f"the group {self.group} has a coordinator")
            yield admin

    async def wait_for_copies(self) -> None:
        """Return when each partition of all topics has all its copies again."""

        async def all_are_there() -> bool:
            async with self._admin() as admin:
                topics = await admin.describe_topics()
            parts = [part for topic in topics for part in topic["partitions"]]
            return all(len(part["isr"]) == len(part["replicas"]) for part in parts)

        await wait_until(all_are_there, 120, "every partition has all its copies")

    async def wait_for_shares(self, shares: list[int], deadline_s: float = 150) -> None:
        async def are_so() -> bool:
            return await self.shares() == shares

        await wait_until(are_so, deadline_s, f"the workers share the partitions {shares}")


async def wait_for_more(follower: Follower, more: int = 1, deadline_s: float = 150) -> None:
    """Return when `more` posts are counted than the follower has read of: workers may be done by now."""
    wanted = follower.known() + more

    async def has_gone_on() -> bool:
        return await follower.total() >= wanted

    await wait_until(has_gone_on, deadline_s, f"counting goes on to {wanted} posts")


async def wait_for_all(follower: Follower, scene: Scene, workers: Workers, deadline_s: float = 150) -> None:
    """Return when as many posts are counted as were written; fail at once when a worker dies."""

    async def is_complete() -> bool:
        return await follower.total() >= len(scene.written)

    await workers.until(is_complete, deadline_s, f"all {len(scene.written)} posts are counted")


async def ends_exact(follower: Follower, scene: Scene, workers: Workers, running: int) -> None:
    """Wait for all posts, stop the workers that run; fail unless they end well and each count is exact."""
    await wait_for_all(follower, scene, workers)
    ended = [await asyncio.to_thread(workers.terminate, worker) for worker in workers.alive]
    await follower.read()
    assert ended == [0] * running
    assert scene.truth() == follower.cells
    assert not await has_records(scene.settings, "posts.late", 1)
