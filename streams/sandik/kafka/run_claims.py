"""Claim the topics of a prefix for a run, or refuse. See docs/decisions/014-one-run-a-prefix.md."""

from collections.abc import AsyncIterator

import msgspec

from sandik.clock import Clock
from sandik.counting.control_state import ControlState
from sandik.counting.job import Job
from sandik.errors import StateError
from sandik.kafka.control_topic import read_control, write_control
from sandik.kafka.log_identity import bounds
from sandik.kafka.reader import read
from sandik.kafka.topics import COUNTS, PARTIALS, POSTS, WINDOWS_TABLE, changelog, decoded, partitions_or_none
from sandik.kafka.writer import write
from sandik.run_identity import application_id, rules_of
from sandik.settings import Settings
from sandik_schemas.control import Run
from sandik_schemas.partial import Partial, Watermark, begin_key, decode_partial


async def claim(settings: Settings, job: Job, partitions: int, clock: Clock) -> ControlState:
    """Return what `control` says, with this run as the owner of the prefix. The first claim wins.

    Raises:
        BrokerError: Kafka does not answer.
        StateError: the topics belong to another run, or to a run that is no longer known.
    """
    state = await read_control(settings)
    if state.owner is None:
        await _check_unclaimed(settings, job)
        await write_claim(settings, await new_claim(settings, job, partitions, 1, clock))
        state = await read_control(settings)
    owner = state.owner
    if owner is None or owner.group != application_id(settings, job):
        raise StateError(refusal(settings, job, owner))
    if owner.state == "replacing":
        raise StateError(
            f"`sandik runs replace` has not finished: the counts of the run before {owner.run_id} are only "
            "partly removed. Run it again to finish it"
        )
    if len(owner.start_offsets) != partitions:
        raise StateError(
            f"topic {settings.topic(POSTS)} has {partitions} partitions, and had "
            f"{len(owner.start_offsets)} when "
            "its run began: posts with the same id may be in two of them, so counts would no longer be "
            "exact. "
            "Stop all workers and count all posts again with `sandik runs replace`"
        )
    return state


async def new_claim(settings: Settings, job: Job, partitions: int, generation: int, clock: Clock) -> Run:
    """Return the record with which this run claims the prefix."""
    logs = await bounds(settings, settings.topic(POSTS), range(partitions))
    return Run(
        job.run_id,
        application_id(settings, job),
        generation,
        "counting",
        rules_of(settings, job),
        [logs[partition].earliest for partition in range(partitions)],
        clock.now_ms(),
        job.tagger.pairs,
    )


async def write_claim(settings: Settings, run: Run) -> None:
    """Make the run the owner, and write the first record of `partials`, by which merge identifies it."""
    first = msgspec.json.encode(Watermark(run.run_id, None, None))
    await write(settings, settings.topic(PARTIALS), [(begin_key(run.run_id), first)])
    await write_control(settings, run)


async def _check_unclaimed(settings: Settings, job: Job) -> None:
    """Refuse topics that another run has written to, as workers did before `control` existed."""
    found = {partial.run_id async for partial in _partials(settings)}
    counts = settings.topic(COUNTS)
    if others := sorted(found - {job.run_id}):
        raise StateError(
            f"topic {settings.topic(PARTIALS)} holds what another run counted ({', '.join(others)}), and "
            f"{counts} its counts. {_ways_out(settings)}"
        )
    if not found:
        await _check_no_state(settings, job)
    if not found and (await bounds(settings, counts, [0]))[0].end:
        raise StateError(
            f"topic {counts} holds counts, and {settings.topic(PARTIALS)} nothing of the run that wrote "
            "them: "
            f"it was recreated. {_ways_out(settings)}"
        )


async def _check_no_state(settings: Settings, job: Job) -> None:
    """Refuse to continue from a changelog whose settled windows are gone with the other topics."""
    name = changelog(application_id(settings, job), WINDOWS_TABLE, 0).name
    partitions = await partitions_or_none(settings, name)
    if partitions and any(log.end for log in (await bounds(settings, name, range(partitions))).values()):
        raise StateError(
            f"topic {name} holds the state of this run, and {settings.topic(PARTIALS)} nothing of it: it was "
            f"recreated, and windows that were counted and settled would be missing. {_ways_out(settings)}"
        )


async def _partials(settings: Settings) -> AsyncIterator[Partial]:
    async for records in read(settings, settings.topic(PARTIALS), follow=False):
        for record in records:
            partial = decoded(record, decode_partial)
            if partial is not None:
                yield partial


def refusal(settings: Settings, job: Job, owner: Run | None) -> str:
    """Return why this run may not write to the topics of another, and what to do."""
    if owner is None:  # it was deleted between two checks
        return (
            f"no run owns the topics of the prefix {settings.topic_prefix!r} any more: start the worker again"
        )
    mine = rules_of(settings, job)
    differences = [
        f"{name} {owner.rules.get(name)!r} there, {value!r} here"
        for name, value in mine.items()
        if owner.rules.get(name) != value
    ] or [f"consumer group {owner.group} there, {application_id(settings, job)} here"]
    return (
        f"the topics of the prefix {settings.topic_prefix!r} belong to the run {owner.run_id}, and this is "
        "run "
        f"{job.run_id}: {'; '.join(differences)}. Nothing was written. Use the settings and the version of "
        "that "
        f"run. {_ways_out(settings)}"
    )


def _ways_out(settings: Settings) -> str:
    prefix = f" (now {settings.topic_prefix!r})" if settings.topic_prefix else ""
    return (
        "To replace its counts by those of this run, stop its workers and run `sandik runs replace`. To "
        "count by "
        "other rules beside it, use `sandik replay`, or topics and posts of their own with another "
        f"SANDIK_TOPIC_PREFIX{prefix}"
    )
