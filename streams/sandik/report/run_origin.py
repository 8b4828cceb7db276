"""How counts were made: facts about their run, from a manifest or the topic `partials`."""

import asyncio
from pathlib import Path

import msgspec

from sandik.files.atomic import file_sha256
from sandik.kafka.clocks import clock_in
from sandik.kafka.pairs_in_force import pairs_in_force
from sandik.kafka.reader import read
from sandik.kafka.topics import PARTIALS
from sandik.replay.manifest import Manifest, load, manifest_path
from sandik.replay.plan import Rules
from sandik.replay.read_results import LIVE
from sandik.run_identity import lexicon_notice, load_job, lost_cells
from sandik.settings import Settings
from sandik_schemas.pair import DEFAULT_PAIR, Pair
from sandik_schemas.partial import PartitionClock, Tally


class Origin(msgspec.Struct, frozen=True):
    """The origin of the counts, as far as known.

    `tally` is of all records that the run has read, in any period.
    """

    name: str
    run_id: str | None = None
    tally: Tally | None = None
    rules: Rules | None = None
    manifest: Manifest | None = None
    notices: tuple[str, ...] = ()
    pairs: tuple[Pair, ...] = (DEFAULT_PAIR,)


def origin_of_file(path: Path) -> Origin:
    """Return the facts in the manifest beside a file of counts.

    Raises:
        UsageError: this version of sandik cannot read the manifest.
    """
    beside = manifest_path(path)
    if not beside.exists():
        return Origin(path.name, notices=(f"There is no manifest beside {path.name}.",))
    manifest = load(beside)
    rules = manifest.plan.rules
    notices: tuple[str, ...] = ()
    if file_sha256(path) != manifest.output.sha256:
        notices = (f"{path.name} is not the file that its manifest describes: it was changed.",)
    if notice := lexicon_notice(rules.lexicon, manifest.lost_cells):
        notices = (*notices, notice)
    return Origin(path.name, rules.run_id, manifest.tally, rules, manifest, notices, manifest.pairs)


def origin_of_topic(name: str, settings: Settings) -> Origin:
    """Return the facts in `partials` about the run that wrote the newest live counts.

    Raises:
        SandikError: Kafka or the topic is unavailable.
    """
    if name != LIVE:
        return Origin(name)
    clocks, written_ms = asyncio.run(_clocks(settings))
    pairs = asyncio.run(pairs_in_force(settings))
    if not written_ms:
        return Origin(name, pairs=pairs)
    run_id = max(written_ms, key=lambda one: (written_ms[one], one))
    tally = sum((clock.tally for clock in clocks.values() if clock.run_id == run_id), Tally())
    job = load_job(settings)
    # Only if these settings make the same run are they those of the workers.
    rules = Rules.of(settings, job) if job.run_id == run_id else None
    others = sorted(written_ms.keys() - {run_id})
    notices = (f"Other runs have also written counts: {', '.join(others)}.",) if others else ()
    if rules and (notice := lexicon_notice(rules.lexicon, lost_cells(job.tagger))):
        notices = (*notices, notice)
    return Origin(name, run_id, tally, rules, notices=notices, pairs=pairs)


async def _clocks(settings: Settings) -> tuple[dict[tuple[str, int], PartitionClock], dict[str, int]]:
    """Return the furthest clock of each run and partition, and when each run wrote last."""
    clocks: dict[tuple[str, int], PartitionClock] = {}
    written_ms: dict[str, int] = {}
    async for records in read(settings, settings.topic(PARTIALS), follow=False):
        for record in records:
            clock = clock_in(record)
            if clock is None:
                continue
            key = clock.run_id, clock.partition
            if key not in clocks or clocks[key].offset <= clock.offset:
                clocks[key] = clock
            written_ms[clock.run_id] = max(written_ms.get(clock.run_id, 0), record.timestamp)
    return clocks, written_ms
