"""Real workers in processes of their own, and a follower of what they write."""

import asyncio
import inspect
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from types import TracebackType

import msgspec
from aiokafka import AIOKafkaConsumer, TopicPartition

from sandik.settings import Settings
from sandik_schemas.count import Count
from tests.support.kafka import unique_prefix, wait_until
from tests.support.warm import start

_decoder = msgspec.json.Decoder(Count)


def quick_settings(bootstrap: str) -> Settings:
    """Return settings with topics of their own, quick to emit and to call a partition idle."""
    return Settings(
        broker=bootstrap,
        topic_prefix=unique_prefix(),
        partitions=4,
        idle_after_ms=2_000,
        emit_every_ms=300,
        session_timeout_ms=6_000,
        batch_posts=300,
    )


def environment(settings: Settings) -> dict[str, str]:
    """Return the variables that give a process these settings."""
    changed = settings.model_dump(exclude_unset=True)
    return {f"SANDIK_{name.upper()}": str(value) for name, value in changed.items()}


class Workers:
    """Starts `sandik worker` processes; whatever is left of them is killed at the end."""

    def __init__(self, environment: Mapping[str, str], log_dir: Path) -> None:
        own = {"SANDIK_DATA_DIR": str(log_dir / "faust")}
        # Workers of one machine would want the same port.
        self.environment = {**os.environ, "SANDIK_OPS_PORT": "0", **environment, **own}
        self.log_dir = log_dir
        self.processes: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> "Workers":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in self.processes:
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.kill()
            process.wait()
            if error is not None:  # pytest shows it with the failure
                sys.stderr.write(
                    f"worker {process.pid}: exit code {process.returncode}\n{self.log(process)}\n"
                )

    def start(self, module: str = "sandik", *arguments: str) -> subprocess.Popen[bytes]:
        """Start a worker, or one that misbehaves: a module of the tests that runs one."""
        words = arguments if module != "sandik" else ("worker",)
        log = (self.log_dir / f"worker-{len(self.processes)}.log").open("wb")
        process = start(module, *words, environment=self.environment, stdout=log, stderr=log)
        self.processes.append(process)
        return process

    @property
    def alive(self) -> list[subprocess.Popen[bytes]]:
        return [process for process in self.processes if process.poll() is None]

    def log(self, process: subprocess.Popen[bytes]) -> str:
        return (self.log_dir / f"worker-{self.processes.index(process)}.log").read_text()

    def assert_running(self) -> None:
        """Fail with the worker's own words when one has ended that nobody ended."""
        for process in self.processes:
            assert process.poll() in (None, 0, -signal.SIGKILL), self.log(process)

    async def until(
        self, condition: Callable[[], bool | Awaitable[bool]], deadline_s: float, what: str
    ) -> None:
        """Return as soon as the condition holds; fail at once when a worker ends that nobody ended."""

        async def holds() -> bool:
            self.assert_running()
            found = condition()
            return await found if inspect.isawaitable(found) else found

        await wait_until(holds, deadline_s, what)

    async def refusal(self, process: subprocess.Popen[bytes]) -> str:
        """Return the last line of a worker that ends with exit code 1."""
        assert await asyncio.to_thread(process.wait, 150) == 1, self.log(process)
        assert "Traceback" not in self.log(process)
        return self.log(process).splitlines()[-1]

    def terminate(self, process: subprocess.Popen[bytes], deadline_s: float = 60) -> int:
        process.terminate()
        return process.wait(deadline_s)


class Follower:
    """Reads `counts` as it grows and keeps, for each key, the record with the highest revision."""

    def __init__(self, bootstrap: str, topic: str) -> None:
        self.consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False)
        self.partition = TopicPartition(topic, 0)
        self.latest: dict[bytes, Count] = {}

    async def __aenter__(self) -> "Follower":
        await self.consumer.start()
        self.consumer.assign([self.partition])
        await self.consumer.seek_to_beginning(self.partition)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.consumer.stop()

    async def read(self) -> None:
        """Read up to the end as it is now."""
        end = (await self.consumer.end_offsets([self.partition]))[self.partition]
        while await self.consumer.position(self.partition) < end:
            for records in (await self.consumer.getmany(timeout_ms=500)).values():
                for record in records:
                    if record.value is None:  # another run replaces this one
                        self.latest.pop(record.key, None)
                        continue
                    count = _decoder.decode(record.value)
                    assert count.key == record.key
                    known = self.latest.get(record.key)
                    if known is None or count.revision >= known.revision:
                        self.latest[record.key] = count

    async def total(self) -> int:
        """Return how many posts are counted, late ones included."""
        await self.read()
        return self.known()

    def known(self) -> int:
        """Return how many of them were read of so far."""
        return sum(count.count + count.late_count for count in self.latest.values() if count.tag == "all")

    async def has(self, posts: int) -> bool:
        """Say whether exactly so many posts are counted, late ones included."""
        return await self.total() == posts

    async def is_exact(self, cells: Mapping[bytes, int]) -> bool:
        """Say whether these are the counts, and there is no other."""
        await self.read()
        return self.cells == cells

    async def is_over(self, posts: int, watermark_ms: int) -> bool:
        """Say the same, and whether those windows are final, and only those, that end by then."""
        return await self.has(posts) and all(
            count.is_final == (count.window_end_ms <= watermark_ms) for count in self.latest.values()
        )

    @property
    def cells(self) -> Counter[bytes]:
        return Counter({key: count.count for key, count in self.latest.items()})


@asynccontextmanager
async def counting(settings: Settings, log_dir: Path, **more: str) -> AsyncIterator[tuple[Workers, Follower]]:
    """Lend workers, of which none runs yet, and who follows their counts. `more`: variables of theirs."""
    with Workers({**environment(settings), **more}, log_dir) as workers:
        async with Follower(settings.broker, settings.topic("counts")) as follower:
            yield workers, follower


async def count_all(settings: Settings, workers: Workers, expected: int) -> None:
    """Return when exactly so many posts are counted, late ones included; no worker may end meanwhile."""
    async with Follower(settings.broker, settings.topic("counts")) as follower:
        await workers.until(lambda: follower.has(expected), 150, f"{expected} posts are counted")
