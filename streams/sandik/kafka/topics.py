"""Every topic: name, partitions, cleanup. No other module names a topic by a string."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import NamedTuple, TypeVar

from aiokafka import ConsumerRecord
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.coordinator.protocol import ConsumerProtocolMemberAssignment
from aiokafka.errors import GroupCoordinatorNotAvailableError, KafkaError, TopicAlreadyExistsError, for_code

from sandik.counting.decode import why_not
from sandik.counting.surrogates import UNDECODABLE
from sandik.errors import BrokerError, TopicError
from sandik.kafka.connection import asking, check_topics, client_options, denial, unreachable
from sandik.kafka.new_topics import wait_until_served
from sandik.settings import Settings

POSTS = "posts"
MENTIONS = "mentions"
COUNTS = "counts"
COUNTS_TERMS = "counts.terms"
COUNTS_SOURCES = "counts.sources"
COUNTS_HOPPING = "counts.hopping"
COUNTS_SESSIONS = "counts.sessions"
BURSTS = "bursts"
PARTIALS = "partials"
POSTS_LATE = "posts.late"
POSTS_DLQ = "posts.dlq"
CONTROL = "control"

#: The table of the count agent; its changelog is named after it.
WINDOWS_TABLE = "windows"

DAY_MS = 86_400_000

Message = TypeVar("Message")

# A worker that was frozen and thawed may append an older entry after a newer one. Readers use the higher
# offset or revision, which works until compaction drops the newer entry, after a day.
_COMPACT = {"cleanup.policy": "compact", "min.compaction.lag.ms": str(DAY_MS)}

# Kafka's own time, whatever the writer's clock: `max_ahead_ms` is measured against it, and compaction and
# retention use it. See docs/decisions/019-log-append-time.md.
APPEND_TIME = {"message.timestamp.type": "LogAppendTime"}
# A count has its window's start, which may be any time; Kafka's default limit is an hour after its clock.
_ANY_MS = str((1 << 63) - 1)
WINDOW_TIME = {
    "message.timestamp.type": "CreateTime",
    "message.timestamp.before.max.ms": _ANY_MS,
    "message.timestamp.after.max.ms": _ANY_MS,
}


class TopicSpec(NamedTuple):
    """A topic as it must be."""

    name: str
    partitions: int
    config: Mapping[str, str]


def all_topics(settings: Settings) -> list[TopicSpec]:
    """Return the topics that `sandik topics create` creates."""
    many = settings.partitions
    return [
        TopicSpec(settings.topic(POSTS), many, _deleted_after(30)),
        TopicSpec(settings.topic(MENTIONS), many, _deleted_after(30)),
        TopicSpec(settings.topic(COUNTS), 1, _COMPACT | WINDOW_TIME),
        *(TopicSpec(settings.topic(name), 1, _COMPACT | WINDOW_TIME) for name in optional_topics(settings)),
        TopicSpec(settings.topic(PARTIALS), 1, _COMPACT | APPEND_TIME),
        TopicSpec(settings.topic(POSTS_LATE), many, _deleted_after(30)),
        TopicSpec(settings.topic(POSTS_DLQ), many, _deleted_after(30)),
        TopicSpec(settings.topic(CONTROL), 1, _COMPACT | APPEND_TIME),
    ]


def optional_topics(settings: Settings) -> list[str]:
    """Return the names of the optional topics that the settings ask for."""
    is_on = {
        COUNTS_TERMS: settings.terms != "off",
        COUNTS_SOURCES: settings.source_names is not None,
        COUNTS_HOPPING: settings.hopping_size_ms,
        COUNTS_SESSIONS: settings.session_gap_ms,
        BURSTS: settings.bursts == "on",
    }
    return [name for name, is_wanted in is_on.items() if is_wanted]


def changelog(application_id: str, table: str, partitions: int) -> TopicSpec:
    """Return the changelog of a table; it has one partition for each of `posts`."""
    return TopicSpec(f"{application_id}-{table}-changelog", partitions, _COMPACT | APPEND_TIME)


@asynccontextmanager
async def connected(settings: Settings) -> AsyncIterator[AIOKafkaAdminClient]:
    """Open a connection to ask Kafka about topics and groups.

    Raises:
        BrokerError: Kafka cannot be reached, or denies the request.
    """
    admin = AIOKafkaAdminClient(**client_options(settings))
    try:
        await admin.start()
        yield admin
    except KafkaError as error:
        raise await unreachable(client_options(settings), error) from error
    finally:
        await admin.close()


async def create(settings: Settings, specs: Iterable[TopicSpec]) -> list[tuple[TopicSpec, bool]]:
    """Create missing topics; return each topic and whether it was created now, when brokers serve them.

    Raises:
        BrokerError: Kafka cannot be reached, denies it, or no broker leads a partition.
        TopicError: a topic exists with another number of partitions, or another cleanup policy.
    """
    async with connected(settings) as admin:
        return await create_with(admin, settings, list(specs))


async def create_with(
    admin: AIOKafkaAdminClient, settings: Settings, specs: Sequence[TopicSpec]
) -> list[tuple[TopicSpec, bool]]:
    """Do what `create` does, with an open connection."""
    response = await admin.create_topics(
        [
            NewTopic(spec.name, spec.partitions, settings.replication_factor, topic_configs=dict(spec.config))
            for spec in specs
        ]
    )
    created = {}
    for name, code, *message in response.topic_errors:
        error = for_code(code)
        if code and error is not TopicAlreadyExistsError:
            refusal = error(" ".join(filter(None, message)))
            denied = denial(refusal)
            raise BrokerError(
                f"Kafka at {settings.broker} did not create the topic {name}: "
                f"{f'it {denied}' if denied else f'{error.__name__} {refusal.args[0]}'}"
            )
        created[name] = not code
    await wait_until_served(settings, {name for name, is_new in created.items() if is_new})
    found = await partitions_of(admin, [spec.name for spec in specs])
    policies = await _cleanup_policies(admin, [name for name, is_new in created.items() if not is_new])
    for spec in specs:
        wanted = spec.config["cleanup.policy"]
        policy = policies.get(spec.name, wanted)
        if policy != wanted:
            raise TopicError(
                f"the topic {spec.name} has cleanup.policy {policy}, not {wanted}, so what it holds would be "
                "lost or never cleaned up: change it with kafka-configs, or use another SANDIK_TOPIC_PREFIX"
            )
        if found.get(spec.name, spec.partitions) != spec.partitions:
            raise TopicError(
                f"the topic {spec.name} has {found[spec.name]} partitions, not {spec.partitions}: "
                f"set SANDIK_PARTITIONS={found[spec.name]}, or use another SANDIK_TOPIC_PREFIX"
            )
    return [(spec, created[spec.name]) for spec in specs]


async def partitions_of(admin: AIOKafkaAdminClient, names: Iterable[str]) -> dict[str, int]:
    """Return the number of partitions of those of the topics that exist."""
    # Ask for all topics: asking for one by name may create it, with the broker's defaults.
    described = {topic["topic"]: topic for topic in await admin.describe_topics()}
    found = [described[name] for name in names if name in described]
    return {topic["topic"]: len(topic["partitions"]) for topic in found if not topic["error_code"]}


async def _cleanup_policies(admin: AIOKafkaAdminClient, names: Iterable[str]) -> dict[str, str]:
    answers = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name) for name in names])
    return {
        name: value
        for answer in answers
        for _, _, _, name, entries in answer.resources
        for key, value, *_ in entries
        if key == "cleanup.policy"
    }


async def existing(settings: Settings) -> dict[str, int]:
    """Return the partitions of each of sandik's topics; raise if one is missing or Kafka is unavailable."""
    names = [spec.name for spec in all_topics(settings)]
    async with connected(settings) as admin:
        found = await partitions_of(admin, names)
        await check_there(settings, names, found)
    for name in map(settings.topic, (COUNTS, *optional_topics(settings), PARTIALS, CONTROL)):
        if found.get(name, 1) != 1:
            raise TopicError(
                f"the topic {name} has {found[name]} partitions, not 1, so its records would have no order: "
                "delete it and run `sandik topics create`, or use another SANDIK_TOPIC_PREFIX"
            )
    return found


async def check_there(settings: Settings, names: Sequence[str], found: Mapping[str, int]) -> None:
    """Raise if one of the names is not among the topics that were `found`.

    Raises:
        BrokerError: this user may not see one of them.
        TopicError: the topic does not exist.
    """
    if all(name in found for name in names):
        return
    async with asking(settings) as send:
        await check_topics(send, settings.broker, names, found)


async def partition_count(settings: Settings, topic: str) -> int:
    """Return how many partitions the topic has. TopicError if it does not exist, or as `check_there`."""
    async with connected(settings) as admin:
        found = await partitions_of(admin, [topic])
        await check_there(settings, [topic], found)
    return found[topic]


async def partitions_or_none(settings: Settings, topic: str) -> int | None:
    """Return how many partitions the topic has; None if it does not exist."""
    async with connected(settings) as admin:
        return (await partitions_of(admin, [topic])).get(topic)


async def is_owned(settings: Settings, group: str, topic: str) -> bool:
    """Return whether a worker of the group has a partition of the topic."""
    async with connected(settings) as admin:
        [answer] = await admin.describe_consumer_groups([group])
    return any(
        name == topic and partitions
        for _, _, _, _, _, members, *_ in answer.groups
        for *_, assignment in members
        if assignment
        for name, partitions in ConsumerProtocolMemberAssignment.decode(assignment).assignment
    )


def decoded(record: ConsumerRecord, decode: Callable[[bytes], Message]) -> Message | None:
    """Decode a record of a topic that only sandik writes; None for a tombstone.

    Raises:
        TopicError: it is something else.
    """
    if record.value is None:
        return None
    try:
        return decode(record.value)
    except UNDECODABLE as error:
        raise TopicError(
            f"topic {record.topic}, partition {record.partition}, offset {record.offset}: not a record of "
            f"sandik ({why_not(record.value, error)}). Find out what else writes there. A tombstone for "
            "its key removes it from a compacted topic, kafka-delete-records from any other"
        ) from error


async def find_coordinator(admin: AIOKafkaAdminClient, group: str) -> None:
    """Return when Kafka can coordinate the group.

    A new cluster creates its offsets topic on the first request, and refuses until then; a consumer would
    log a misleading error.
    """
    for _ in range(100):
        with suppress(GroupCoordinatorNotAvailableError):
            await admin.find_coordinator(group)
            return
        await asyncio.sleep(0.1)
    raise BrokerError(f"Kafka has no coordinator for the group {group}: see its log")


def _deleted_after(days: int) -> dict[str, str]:
    return {"cleanup.policy": "delete", "retention.ms": str(days * DAY_MS), **APPEND_TIME}
