"""The processes of one `sandik up`: start, wait, restart and stop them in order."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from sandik.errors import SandikError
from sandik.up.children import KAFKA, PAGE, SOURCE, TOPICS, WORKER, Job
from sandik.up.data_dir import Home
from sandik.up.process import Child
from sandik.up.restart import Ended, failures_after, how, pause_s
from sandik.up.status_line import Shown, Status

#: Processes that are stopped together, in order: writers first, Kafka last.
_ENDING = ((SOURCE, TOPICS), (WORKER, PAGE), (KAFKA,))
_POLL_S = 0.1
STARTING, READY = "starting", "ready"

Serves = Callable[[], Awaitable[str | None]]


class Crew:
    """Runs processes. The caller must always await `end`. The processes hold the files in `keep_open`."""

    def __init__(self, home: Home, shown: Shown, keep_open: Sequence[int] = (), log_suffix: str = "") -> None:
        self._home, self._shown, self._keep_open, self._log_suffix = home, shown, keep_open, log_suffix
        self.status = Status()
        self._children: dict[str, Child] = {}

    def show(self, name: str, state: str) -> None:
        """Set the state of a process for the status line."""
        self.status.states[name] = state

    async def run(self, job: Job, answer: Path | None = None) -> int:
        """Run a command to its end; return its exit code. Its stdout goes to `answer`."""
        child = await self._start(job, self.log(job), answer)
        return await child.ended()

    async def keep(
        self, job: Job, serves: Serves, on_serving: Callable[[], None], label: str = "", well: str = READY
    ) -> None:
        """Run a command until stopped, and restart it if that is safe.

        `serves` returns None when it can be used, else a word for its state. It is shown under its `label`,
        with the word `well` while it serves.

        Raises:
            SandikError: it ended and must not be restarted.
        """
        label = label or job.name
        failures, has_served = 0, False
        while True:
            self.show(label, STARTING)
            child = await self._start(job, self.log(job))
            ended = asyncio.create_task(child.ended())
            served_s = 0.0
            try:
                if await self._wait_until_serving(label, serves, ended):
                    has_served = True
                    self.show(label, well)
                    on_serving()
                    since_s = time.monotonic()
                    await asyncio.wait({ended})
                    served_s = time.monotonic() - since_s
                exit_code = await ended
            finally:
                ended.cancel()
            failures = failures_after(failures, served_s)
            wait_s = pause_s(Ended(exit_code, has_served, served_s, failures)) if job.can_restart else None
            if wait_s is None:
                raise SandikError(self.obituary(job.name, exit_code))
            self._shown.say(f"{self.obituary(job.name, exit_code)}\n  restarting it in {wait_s:g} s")
            self.show(label, "starts again")
            await asyncio.sleep(wait_s)

    def obituary(self, name: str, exit_code: int) -> str:
        """Return how a process ended, with the end of its log and where the log is."""
        child = self._children[name]
        # Not the whole command: the address of a source may contain a token.
        told = [f"`sandik {child.job.arguments[0]}` {how(exit_code)}", *child.last_words().splitlines()]
        return "\n  ".join([*told, f"its log: {child.log}"])

    def log(self, job: Job) -> Path:
        """Return the log of a process of this job."""
        return self._home.log(job.name + self._log_suffix)

    def forget_logs(self) -> None:
        """Remove the logs after everything has ended well."""
        for child in self._children.values():
            for path in (child.log, child.log.with_suffix(".json")):
                path.unlink(missing_ok=True)

    async def end(self) -> None:
        """End them all, in order, and return when they are gone."""
        for names in _ENDING:
            children = {name: self._children[name] for name in names if name in self._children}
            running = [name for name, child in children.items() if child.is_running]
            self._show_all(running, "ending")
            await asyncio.gather(*(child.end() for child in children.values()))
            self._show_all(running, "ended")

    def _show_all(self, names: Sequence[str], state: str) -> None:
        for name in names:
            if name in self.status.states:
                self.status.states[name] = state
        self._shown.update(self.status)

    async def _start(self, job: Job, log: Path, answer: Path | None = None) -> Child:
        child = self._children[job.name] = Child(job, log, self._keep_open, answer)
        await child.start()
        return child

    async def _wait_until_serving(self, label: str, serves: Serves, ended: "asyncio.Task[int]") -> bool:
        """Return whether it serves; it has ended otherwise."""
        while not ended.done():
            doing = await serves()
            if doing is None and not ended.done():
                return True
            self.show(label, doing or STARTING)
            await asyncio.wait({ended}, timeout=_POLL_S)
        return False
