"""`sandik ingest` as one of the processes, and the files that are not read again."""

from pathlib import Path

import orjson

from sandik.errors import SandikError
from sandik.up import children
from sandik.up.data_dir import Home
from sandik.up.processes import Crew
from sandik.up.request import Request
from sandik.up.status_line import Shown

#: The beginning of the state of a source that was read to its end.
READ = "read"


class Reader:
    """Reads the sources into the topics `where`, with the processes of a crew."""

    def __init__(self, home: Home, crew: Crew, shown: Shown, request: Request, where: str) -> None:
        self._home, self._crew, self._shown, self.request = home, crew, shown, request
        self.produced = 0
        self._where = " ".join([where, *request.options])

    @property
    def name(self) -> str:
        """The source's name in the status line."""
        return self.request.name

    @property
    def is_read(self) -> bool:
        """Whether the source was read to its end."""
        return self._crew.status.states.get(self.name, "").startswith(READ)

    def leave_out_known(self) -> None:
        """Leave out the files that were read before: their posts would be late."""
        known = self._home.known(self.request.sources, self._where)
        if known:
            name = self.name
            self.request = self.request.without(known)
            files = ", ".join(known[:3]) + (f" and {len(known) - 3} more" if len(known) > 3 else "")
            self._shown.say(f"{files}: already read and not changed since; pass --again to read it again")
            if not self.request.sources:
                self._crew.status.states[name] = f"{READ} before"

    async def read(self, broker: str) -> int:
        """Read; return the exit code for the whole command, once the source has ended.

        Raises:
            SandikError: no post was read.
        """
        if self.request.is_live:
            await self._follow(broker)
        job = children.source(broker, self.request)
        self._crew.show(self.name, "is read")
        answer = self._crew.log(job).with_suffix(".json")
        exit_code = await self._crew.run(job, answer)
        self.produced, rejected = _summary(answer.read_bytes())
        told = f"{self.produced:,} posts" + (f", {rejected:,} rejected" if rejected else "")
        if exit_code and not self.produced:
            raise SandikError(self._crew.obituary(job.name, exit_code))
        if exit_code:
            self._shown.say(self._crew.obituary(job.name, exit_code))
            self._crew.show(self.name, f"{READ} in part, {told}")
        else:
            self._home.remember(self.request.sources, self._where)
            self._crew.show(self.name, f"{READ}, {told}")
            if rejected:
                self._shown.say(f"some items of {self.name} were rejected; see {self._crew.log(job)}")
        return exit_code

    async def _follow(self, broker: str) -> None:
        """Read a live source until stopped. With its cursor, it can be restarted at any time.

        It counts as reading when its cursor has moved: then Kafka has posts of it.
        """
        given = self.request.value("--cursor")
        cursor = Path(given) if given else self._home.cursor(self.request.sources[0])
        request = self.request if given else self.request.with_options("--cursor", str(cursor))
        before = _changed_ns(cursor)

        async def reads() -> str | None:
            return "has sent nothing yet" if _changed_ns(cursor) == before else None

        await self._crew.keep(children.source(broker, request), reads, lambda: None, self.name, "is read")


def _changed_ns(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def _summary(answer: bytes) -> tuple[int, int]:
    """Return the numbers of produced posts and rejected items from `sandik ingest --json`."""
    try:
        summary = orjson.loads(answer)
        return int(summary["produced"]), sum(summary["rejected"].values())
    except (ValueError, TypeError, KeyError, AttributeError):
        return 0, 0
