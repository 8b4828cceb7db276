"""`sandik runs`: show which run owns the topics of a prefix, and replace it."""

import asyncio
import sys

import msgspec
from aiokafka.admin import AIOKafkaAdminClient

from sandik.clock import SystemClock
from sandik.counting.job import Job
from sandik.counting.labels import iso
from sandik.errors import StateError
from sandik.kafka.control_topic import read_control, write_control
from sandik.kafka.reader import read
from sandik.kafka.run_claims import new_claim, write_claim
from sandik.kafka.topics import (
    COUNTS,
    COUNTS_HOPPING,
    COUNTS_SESSIONS,
    COUNTS_SOURCES,
    COUNTS_TERMS,
    PARTIALS,
    POSTS,
    WINDOWS_TABLE,
    changelog,
    connected,
    existing,
    find_coordinator,
    partitions_of,
)
from sandik.kafka.writer import write
from sandik.printing import print_json
from sandik.run_identity import application_id, load_job
from sandik.settings import Settings
from sandik_schemas.control import Run
from sandik_schemas.partial import BEGIN

#: The results of a run, which are removed when it is replaced.
_RESULTS = (COUNTS, COUNTS_TERMS, COUNTS_SOURCES, COUNTS_HOPPING, COUNTS_SESSIONS, PARTIALS)


def run_show(settings: Settings, *, json: bool) -> None:
    """Print which run owns the topics."""
    owner = asyncio.run(read_control(settings)).owner
    if json:
        print_json(owner)
    elif owner is None:
        sys.stdout.write("no run yet: the run of the first worker will own the topics\n")
    else:
        sys.stdout.write(_described(owner))


def _described(owner: Run) -> str:
    rules = "".join(f"  {name:20} {value}\n" for name, value in owner.rules.items())
    state = "" if owner.state == "counting" else "  `sandik runs replace` has not finished: run it again\n"
    return (
        f"run {owner.run_id}, consumer group {owner.group}, generation {owner.generation}, since "
        f"{iso(owner.claimed_at_ms)}\n{state}{rules}"
    )


def run_replace(settings: Settings, *, json: bool) -> None:
    """Remove all counts, and give the topics to the run of these settings.

    Raises:
        StateError: workers still run.
        BrokerError: Kafka does not answer, or denies it.
    """
    removed, owner = asyncio.run(_replace(settings, load_job(settings)))
    if json:
        print_json({"removed": removed, "run": owner})
        return
    for topic, records in removed.items():
        sys.stdout.write(f"{records} records removed from {topic}\n")
    sys.stdout.write(_described(owner))
    sys.stdout.write("Now start the workers: they count all posts in the topic.\n")


async def _replace(settings: Settings, job: Job) -> tuple[dict[str, int], Run]:
    partitions = (await existing(settings))[settings.topic(POSTS)]
    before = (await read_control(settings)).owner
    group = application_id(settings, job)
    await _check_stopped(settings, {group, *([before.group] if before else [])})
    generation = before.generation + 1 if before else 1
    claimed = await new_claim(settings, job, partitions, generation, SystemClock())
    # A worker that starts while records are removed is refused. After a crash, run the command again.
    replacing = msgspec.structs.replace(claimed, state="replacing")
    await write_control(settings, replacing)
    if (owner := (await read_control(settings)).owner) != replacing:
        raise StateError(
            "another `sandik runs replace` started first, for run "
            f"{owner and owner.run_id}. Nothing was removed. Wait until it has finished, then run this again "
            "if you still want to"
        )
    state = changelog(group, WINDOWS_TABLE, partitions).name
    names = [*map(settings.topic, _RESULTS), state]
    async with connected(settings) as admin:
        found = await partitions_of(admin, names)
        if found.get(state, partitions) != partitions:  # `posts` has grown; the first worker makes it again
            await admin.delete_topics([state])
            del found[state]
    removed = {name: await _emptied(settings, name) for name in names if name in found}
    await write_claim(settings, claimed)
    return removed, claimed


async def _check_stopped(settings: Settings, groups: set[str]) -> None:
    async with connected(settings) as admin:
        for group in sorted(groups):
            await find_coordinator(admin, group)
            if members := await _members(admin, group):
                raise StateError(
                    f"{members} workers of the group {group} are still running and would keep writing counts "
                    "of the run to be replaced. Nothing was changed. Stop them, wait for "
                    "SANDIK_SESSION_TIMEOUT_MS if one was killed, and run this again"
                )


async def _members(admin: AIOKafkaAdminClient, group: str) -> int:
    [answer] = await admin.describe_consumer_groups([group])
    return sum(len(members) for _, _, _, _, _, members, *_ in answer.groups)


async def _emptied(settings: Settings, topic: str) -> int:
    """Write a tombstone for every key of a compacted topic; return how many."""
    live: dict[int, dict[bytes, None]] = {}
    async for records in read(settings, topic, follow=False):
        for record in records:
            keys = live.setdefault(record.partition, {})
            if record.value is None:
                keys.pop(record.key, None)
            else:
                keys[record.key] = None
    removed = 0
    for partition, keys in sorted(live.items()):
        # The record that makes merge discard earlier ones must not be compacted away before the others.
        in_order = sorted(keys, key=lambda key: key.endswith(BEGIN))
        removed += await write(settings, topic, ((key, None) for key in in_order), partition)
    return removed
