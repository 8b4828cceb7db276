"""Start a contender's processes; read their CPU time and memory; leave none behind."""

import signal
import subprocess
import uuid
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil

from bench.broker import Broker
from bench.contenders import Contender
from bench.setup import LOGS, WORK_DIR, environment
from sandik.kafka.topics import COUNTS, POSTS

STOP_WITHIN_S = 20


class ContenderError(Exception):
    """A contender has ended that was to run on."""


@dataclass
class Run:
    """One contender at work on the posts under `prefix`."""

    contender: Contender
    broker: Broker
    prefix: str
    dir: Path
    name: str = field(default_factory=lambda: f"run-{uuid.uuid4().hex[:8]}")
    processes: list[psutil.Popen] = field(default_factory=list)

    @property
    def posts_topic(self) -> str:
        """Where it reads."""
        return f"{self.prefix}{POSTS}"

    @property
    def counts_topic(self) -> str:
        """Where it writes."""
        return f"{self.prefix}{COUNTS}" if self.contender.is_sandik else f"{self.name}-counts"

    @property
    def log(self) -> Path:
        """What it says."""
        return LOGS / f"{self.name}.log"

    def start(self) -> psutil.Popen:
        """Start one more process of it.

        Raises:
            ContenderError: it cannot run on this machine.
        """
        command = self.contender.command()
        if command is None:
            raise ContenderError(f"{self.contender.name} cannot run here")
        LOGS.mkdir(parents=True, exist_ok=True)
        state_dir = self.dir / f"{len(self.processes)}"
        state_dir.mkdir()
        with self.log.open("ab") as log:
            process = psutil.Popen(command, env=self._environment(state_dir), stdout=log, stderr=log)
        self.processes.append(process)
        return process

    def _environment(self, state_dir: Path) -> Mapping[str, str]:
        return environment(
            {
                "SANDIK_BROKER": self.broker.address,
                "SANDIK_TOPIC_PREFIX": self.prefix,
                "SANDIK_APP_ID": self.name,
                "SANDIK_DATA_DIR": str(state_dir),
                "SANDIK_OPS_PORT": "0",
                # As often as the peers: how far a contender is, is known from its commits.
                "SANDIK_COMMIT_EVERY_MS": "1000",
                "BENCH_BROKER": self.broker.address,
                "BENCH_JOB": self.contender.job,
                "BENCH_GROUP": self.name,
                "BENCH_POSTS": self.posts_topic,
                "BENCH_COUNTS": self.counts_topic,
                "BENCH_DIR": str(state_dir),
                **self.contender.environment,
            }
        )

    def assert_running(self) -> None:
        """Raise ContenderError, with the end of its log, when a process has ended that nobody ended."""
        for process in self.processes:
            if process.poll() not in (None, -signal.SIGKILL):
                end = "\n".join(self.log.read_text(errors="replace").splitlines()[-15:])
                raise ContenderError(f"{self.contender.name} ended with {process.returncode}:\n{end}")

    def usage(self) -> tuple[float, int]:
        """Return CPU seconds (user and system) and resident bytes of all its processes."""
        cpu_s, rss_bytes = 0.0, 0
        for process in self.processes:
            with suppress(psutil.Error):
                for one in (process, *process.children(recursive=True)):
                    times = one.cpu_times()
                    cpu_s += times.user + times.system
                    rss_bytes += one.memory_info().rss
        return cpu_s, rss_bytes

    def said(self, until: int) -> int:
        """Return the number in the last line of its output; `until` when it is too near to say more."""
        numbers = [int(line) for line in self.log.read_text(errors="replace").splitlines() if line.isdigit()]
        said = numbers[-1] if numbers else 0
        step = numbers[0] if numbers else 1
        return until if said + step > until else said


@asynccontextmanager
async def at_work(contender: Contender, broker: Broker, prefix: str, workers: int) -> AsyncIterator[Run]:
    """Start so many processes of it on new topics, apart from `posts`; give the run."""
    await broker.clean()
    await broker.make_topics(prefix)
    with running(contender, broker, prefix) as run:
        if not contender.is_sandik:
            await broker.make_output(run.counts_topic)
        for _ in range(workers):
            run.start()
        yield run


@contextmanager
def running(contender: Contender, broker: Broker, prefix: str) -> Iterator[Run]:
    """Give a run without processes yet; whatever it has started is gone afterwards."""
    with TemporaryDirectory(prefix="state-", dir=WORK_DIR, ignore_cleanup_errors=True) as state_dir:
        run = Run(contender, broker, prefix, Path(state_dir))
        try:
            yield run
        finally:
            for process in run.processes:
                with suppress(psutil.NoSuchProcess):
                    process.terminate()
            for process in run.processes:
                try:
                    process.wait(STOP_WITHIN_S)
                except (psutil.TimeoutExpired, subprocess.TimeoutExpired):
                    process.kill()
                    process.wait()
