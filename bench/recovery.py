"""A worker is killed (SIGKILL): how long it takes until the posts of its partitions are counted again.

Twice: two workers of which one is killed and the other takes over, and a single one that is started anew.
"""

import signal
import time
from typing import Any

from bench.broker import Broker
from bench.contenders import SANDIK_WHOLE
from bench.data import PARTITIONS
from bench.latency import ready
from bench.outputs import Follower
from bench.paced import Feeds, Seen, feeds, paced, paced_prefix, read_sent, seen_at
from bench.progress import say
from bench.results import Results
from bench.running import at_work

QUIET_BEFORE_S = 12
GIVE_UP_S = 120


async def recovery(broker: Broker, results: Results, rounds: int, rate: int) -> None:
    """Kill and wait, `rounds` times each way."""
    session_timeout_s = broker.settings("").session_timeout_ms / 1000
    section: dict[str, Any] = {"rate": rate, "session_timeout_s": session_timeout_s, "runs": []}
    results.begin("recovery", section)
    chosen = feeds(broker, SANDIK_WHOLE)
    for number in range(rounds):
        for way in ("takeover", "restart"):
            say(f"Recovery, round {number + 1} of {rounds}: {way}")
            first_s, all_s = await _killed(broker, chosen, rate, way)
            say(f"  the killed worker's first partition after {first_s:.1f} s, all after {all_s:.1f} s")
            section["runs"].append(
                {
                    "round": number,
                    "way": way,
                    "first_s": round(first_s, 2),
                    "all_s": round(all_s, 2),
                    "beyond_session_timeout_s": round(all_s - session_timeout_s, 2),
                }
            )
            results.save()


async def _killed(broker: Broker, chosen: Feeds, rate: int, way: str) -> tuple[float, float]:
    """Return the seconds until posts written after the kill are counted: of one partition, of all."""
    workers = 2 if way == "takeover" else 1
    async with at_work(SANDIK_WHOLE, broker, paced_prefix(), workers) as run:
        await ready(run, workers)
        seen = Seen()
        with paced(run, chosen.texts, rate, 0) as (_, sent_file):
            async with Follower(broker.address, run.counts_topic, SANDIK_WHOLE.parse) as follower:
                started_s = time.monotonic()
                while time.monotonic() < started_s + QUIET_BEFORE_S:
                    seen.take(await follower.read())
                run.processes[0].send_signal(signal.SIGKILL)
                killed_at_s = time.monotonic()
                if way == "restart":
                    run.start()
                waits: dict[int, float] = {}
                while len(waits) < PARTITIONS and time.monotonic() < killed_at_s + GIVE_UP_S:
                    said = await follower.read(200)
                    seen.take(said)
                    run.assert_running()
                    if said:
                        waits = _waits(seen_at(read_sent(sent_file), seen, chosen.groups), killed_at_s)
    if len(waits) < PARTITIONS:
        raise TimeoutError(f"only {len(waits)} of {PARTITIONS} partitions are counted again: {run.log}")
    longest = sorted(waits.values())[-PARTITIONS // workers :]
    return longest[0], longest[-1]


def _waits(found: list[Any], killed_at_s: float) -> dict[int, float]:
    """Return, by partition, when the first post written after the kill was counted, in seconds after it."""
    waits: dict[int, float] = {}
    for post, at_s in found:
        if post.sent_at_s > killed_at_s and at_s is not None:
            waits.setdefault(post.partition, at_s - killed_at_s)
    return waits
