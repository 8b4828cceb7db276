"""What it costs to add, remove and restart workers: `python -m bench.membership [--static] [--rate 400]`.

Three workers count a light stream. After each change of the group: how long counting paused (all of it, and
the worst partition), the most posts that waited, how long the group took to settle. At the end every cell is
compared with an independent count. Prints one line of JSON a change; the rest goes to stderr.
"""

import argparse
import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from bench.progress import say
from sandik.broker import EmbeddedKafka
from sandik.clock import SystemClock
from sandik.kafka.topics import PARTIALS, POSTS
from sandik.settings import Settings
from sandik_schemas.partial import Partial, PartialRecord, PartitionClock
from tests.support.kafka import wait_until
from tests.support.scene import TEXTS, Scene, wait_for_all
from tests.support.workers import Follower, Workers, environment

PARTITIONS, WORKERS = 12, 3
EVERY_S = 0.1
STEADY_S = 12
#: Shorter ones happen while nothing changes.
PAUSE_S = 2
_partial: msgspec.json.Decoder[Partial] = msgspec.json.Decoder(PartialRecord)


class Feed:
    """Writes posts at a steady rate, with event times of now."""

    def __init__(self, scene: Scene, rate: int) -> None:
        self.scene, self.rate = scene, rate
        self.stopped = False

    async def run(self) -> None:
        """Write until stopped."""
        settings, clock = self.scene.settings, SystemClock()
        async with AIOKafkaProducer(bootstrap_servers=settings.broker, acks="all") as producer:
            begun_s = time.monotonic()
            while not self.stopped:
                due = int((time.monotonic() - begun_s) * self.rate) - len(self.scene.written)
                posts = [self._post(len(self.scene.written) + each, clock.now_ms()) for each in range(due)]
                sent = [await producer.send(settings.topic(POSTS), value, key) for key, value in posts]
                await asyncio.gather(*sent)
                self.scene.written += posts
                await asyncio.sleep(EVERY_S)

    def _post(self, number: int, now_ms: int) -> tuple[bytes, bytes]:
        key = f"membership:{number}"
        post = {"id": key, "source": "test", "created_at_ms": now_ms, "text": TEXTS[number % len(TEXTS)]}
        return key.encode(), msgspec.json.encode(post)


class Watch:
    """Follows the partitions' clocks in `partials`: when each went on last, and how far it is."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.offsets = dict.fromkeys(range(PARTITIONS), -1)
        self.stopped = False
        self.begin()

    def begin(self) -> None:
        """Forget what was measured so far."""
        self.moved_s = dict.fromkeys(range(PARTITIONS), time.monotonic())
        self.longest_s = dict.fromkeys(range(PARTITIONS), 0.0)
        self.paused_s = 0.0
        self.counts_moved_s, self.output_pause_s, self.most_waiting = time.monotonic(), 0.0, 0

    async def run(self, follower: Follower) -> None:
        """Watch until stopped."""
        settings = self.scene.settings
        consumer = AIOKafkaConsumer(bootstrap_servers=settings.broker, enable_auto_commit=False)
        await consumer.start()
        consumer.assign([TopicPartition(settings.topic(PARTIALS), 0)])
        counted = 0
        while not self.stopped:
            found = await consumer.getmany(timeout_ms=int(EVERY_S * 1000))
            now_s = time.monotonic()
            for record in (each for batch in found.values() for each in batch if each.value):
                partial = _partial.decode(record.value)
                if isinstance(partial, PartitionClock) and partial.offset > self.offsets[partial.partition]:
                    self.offsets[partial.partition] = partial.offset
                    self._moved(partial.partition, now_s)
            total = await follower.total()
            self.output_pause_s = max(self.output_pause_s, now_s - self.counts_moved_s)
            if total > counted:
                counted, self.counts_moved_s = total, now_s
            self.most_waiting = max(self.most_waiting, self.waiting)
        await consumer.stop()

    def _moved(self, partition: int, now_s: float) -> None:
        pause_s = now_s - self.moved_s[partition]
        self.longest_s[partition] = max(self.longest_s[partition], pause_s)
        self.paused_s += pause_s if pause_s > PAUSE_S else 0
        self.moved_s[partition] = now_s

    @property
    def waiting(self) -> int:
        """Posts written and not yet counted by any worker."""
        return len(self.scene.written) - sum(offset + 1 for offset in self.offsets.values())

    def report(self, change: str, settled_s: float) -> None:
        """Print what was measured since `begin`."""
        worst = sorted(self.longest_s.values())
        found = {
            "change": change,
            "settled_s": round(settled_s, 1),
            "output_pause_s": round(self.output_pause_s, 1),
            "worst_partition_pause_s": round(worst[-1], 1),
            "partitions_paused": sum(pause > PAUSE_S for pause in worst),
            "mean_partition_paused_s": round(self.paused_s / PARTITIONS, 1),
            "most_waiting": self.most_waiting,
        }
        sys.stdout.write(json.dumps(found) + "\n")
        sys.stdout.flush()


class Group:
    """The workers, each with a name of its own if membership is static."""

    def __init__(self, workers: Workers, scene: Scene, is_static: bool) -> None:
        self.workers, self.scene, self.is_static = workers, scene, is_static
        self.named: dict[str, subprocess.Popen[bytes]] = {}
        self.known: set[str] = set()

    async def start(self, name: str) -> None:
        """Start a worker and wait until it is a member."""
        if self.is_static:
            self.workers.environment["SANDIK_INSTANCE_ID"] = name
        self.named[name] = self.workers.start()

        async def has_joined() -> bool:
            self.workers.assert_running()
            new = (await self.scene.members()).keys() - self.known
            self.known |= new
            return bool(new)

        await wait_until(has_joined, 120, f"worker {name} has joined")

    async def stop(self, name: str, *, kill: bool = False) -> None:
        """Stop a worker and wait until it is gone."""
        process = self.named.pop(name)
        process.kill() if kill else process.terminate()
        await asyncio.to_thread(process.wait, 60)

    async def settle(self, watch: Watch, rate: int) -> None:
        """Return when as many members as workers share the partitions, and hardly a post waits."""
        share, more = divmod(PARTITIONS, len(self.named))
        shares = [share] * (len(self.named) - more) + [share + 1] * more
        await self.scene.wait_for_shares(sorted(shares))
        while watch.waiting > rate:
            self.workers.assert_running()
            await asyncio.sleep(EVERY_S)


async def measure(broker: str, log_dir: Path, rate: int, is_static: bool, session_s: int) -> None:
    """Take three workers through every change."""
    settings = Settings(
        broker=broker, partitions=PARTITIONS, session_timeout_ms=session_s * 1000, topic_prefix="m-"
    )
    scene = Scene(settings)
    await scene.make_topics()
    with Workers(environment(settings), log_dir) as workers:
        async with Follower(broker, settings.topic("counts")) as follower:
            group, feed, watch = Group(workers, scene, is_static), Feed(scene, rate), Watch(scene)
            for name in "abc":
                await group.start(name)
            await scene.wait_for_shares([PARTITIONS // WORKERS] * WORKERS)
            tasks = [asyncio.create_task(feed.run()), asyncio.create_task(watch.run(follower))]
            await group.settle(watch, rate)

            async def change(what: str, *steps: Callable[[], Awaitable[None] | None]) -> None:
                say(what)
                watch.begin()
                begun_s = time.monotonic()
                for step in steps:
                    if (waiting := step()) is not None:
                        await waiting
                    await group.settle(watch, rate)
                settled_s = time.monotonic() - begun_s
                await asyncio.sleep(STEADY_S)
                watch.report(what, settled_s)

            await change("nothing", lambda: asyncio.sleep(STEADY_S))
            await change("add one", lambda: group.start("d"))
            await change("remove one (SIGTERM)", lambda: group.stop("d"))
            await change("rolling restart of three", *(lambda n=n: _restart(group, n) for n in "abc"))
            await change("kill -9 one and start it again", lambda: _restart(group, "a", kill=True))
            feed.stopped = True
            await tasks[0]
            await wait_for_all(follower, scene, workers)
            watch.stopped = True
            await tasks[1]
            for name in list(group.named):
                await group.stop(name)
            await follower.read()
    truth = scene.truth()
    wrong = sum(follower.cells[key] != truth[key] for key in follower.cells | truth)
    sys.stdout.write(
        json.dumps({"posts": len(scene.written), "cells": len(truth), "wrong_cells": wrong}) + "\n"
    )


async def _restart(group: Group, name: str, *, kill: bool = False) -> None:
    await group.stop(name, kill=kill)
    await group.start(name)


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--static", action="store_true", help="give each worker SANDIK_INSTANCE_ID")
    parser.add_argument("--rate", type=int, default=400, help="posts a second")
    parser.add_argument("--session-s", type=int, default=10, help="SANDIK_SESSION_TIMEOUT_MS, in seconds")
    chosen = parser.parse_args()
    with (
        TemporaryDirectory(prefix="sandik-membership-") as folder,
        EmbeddedKafka(Path(folder) / "kafka") as kafka,
    ):
        asyncio.run(
            measure(kafka.bootstrap_servers, Path(folder), chosen.rate, chosen.static, chosen.session_s)
        )


if __name__ == "__main__":
    main()
