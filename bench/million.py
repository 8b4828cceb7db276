"""A million posts a second, as far as one machine shows it: one of 35 workers, and the merge of them all.

The worker is real, with a real Kafka, and reads its share of the posts. Merge is what the agent of that name
calls, fed with what 192 partitions send in two minutes. The assignment is the rule that the group goes by.
"""

import time
from typing import Any

import msgspec

from bench.broker import Broker
from bench.contenders import SANDIK_WHOLE
from bench.latency import at_a_rate
from bench.programs.sandik_bare import bare_job
from bench.progress import say
from bench.results import Results
from bench.running import ContenderError
from bench.steps import INGESTED_MS, Stopwatch, partials
from sandik.counting.encode import record_of
from sandik.counting.labels import Labels
from sandik.counting.merge import new_merge
from sandik.settings import Settings
from sandik.worker.engine.assignor import shares
from sandik_schemas.partial import decode_partial

POSTS_PER_S = 1_000_000
WORKERS, PARTITIONS = 35, 192
#: How often a partition has a batch, and merge writes; and how long both go on.
BATCH_EVERY_MS, EMIT_EVERY_MS, SIMULATED_S = 100, 150, 120
#: As many posts as `counts` writes at once.
COUNTS_AT_ONCE = 10_000


async def million(broker: Broker, results: Results, seconds: int) -> None:
    """Measure the worker, merge and the assignment."""
    section: dict[str, Any] = {"workers": WORKERS, "partitions": PARTITIONS, "posts_per_s": POSTS_PER_S}
    say(f"A million: merge of {PARTITIONS} partitions")
    section["merge"] = merging(Settings())
    say(f"A million: assignment of {PARTITIONS} partitions to {WORKERS} workers")
    section["assignment"] = assigning()
    results.begin("million", section)
    rate = POSTS_PER_S // WORKERS
    say(f"A million: one worker at {rate:,} posts/s in {broker.partitions} partitions")
    try:
        found = await at_a_rate(SANDIK_WHOLE, broker, rate, seconds)
    except (ContenderError, TimeoutError) as error:
        say(f"  not measured: {error}")
        found = {}
    results.sections["million"]["worker"] = {"rate": rate, **found}
    results.save()


def merging(settings: Settings) -> dict[str, float]:
    """Return which share of a core merge takes, and how many records it reads and writes in a second."""
    job = bare_job(settings)
    merge = new_merge(Labels("run", "lexicon", "detector"), job.timing, PARTITIONS)
    watch, read, written = Stopwatch(), 0, 0
    for now_ms in range(0, SIMULATED_S * 1000, BATCH_EVERY_MS):
        values = [
            msgspec.json.encode(one)
            for at in range(PARTITIONS)
            for one in partials(at, now_ms // BATCH_EVERY_MS, BATCH_EVERY_MS)
        ]
        watch.start()
        for value in values:
            merge.apply(decode_partial(value))
        if now_ms % EMIT_EVERY_MS < BATCH_EVERY_MS:
            for step in merge.round(INGESTED_MS + now_ms, COUNTS_AT_ONCE):
                written += len([record_of(count) for count in step.counts])
        watch.lap("merge")
        read += len(values)
    return {
        "cores": round(watch.spent_s["merge"] / SIMULATED_S, 3),
        "partials_per_s": round(read / SIMULATED_S),
        "counts_per_s": round(written / SIMULATED_S),
    }


def assigning() -> dict[str, float]:
    """Return how long the rule takes, and how many partitions move when one worker goes and comes back."""
    topics = {"posts": range(PARTITIONS), "partials": range(1)}
    members = [f"worker-{number:02}" for number in range(WORKERS)]
    began_s = time.process_time()
    all_there = shares(members, topics, {})
    took_ms = (time.process_time() - began_s) * 1000
    one_gone = shares(members[1:], topics, all_there)
    back = shares(members, topics, one_gone)
    return {
        "took_ms": round(took_ms, 1),
        "most": max(len(found["posts"]) for found in all_there.values()),
        "moved_when_one_goes": _moved(all_there, one_gone),
        "moved_when_it_is_back": _moved(one_gone, back),
    }


def _moved(before: dict[str, dict[str, list[int]]], after: dict[str, dict[str, list[int]]]) -> int:
    owner = {partition: member for member, found in before.items() for partition in found["posts"]}
    return sum(owner[one] != member for member, found in after.items() for one in found["posts"])
