"""What comes in: `sandik ingest` as one of the processes, what it has read, and what is not read again."""

import orjson

from streams.errors import SandikError
from streams.up import jobs
from streams.up.crew import Crew
from streams.up.home import Home
from streams.up.request import Request
from streams.up.shown import Shown

#: How the state of a source begins that was read to its end.
READ = "read"


class Reader:
    """Reads what is asked for into the topics `where` of the broker, with the processes of a crew."""

    def __init__(self, home: Home, crew: Crew, shown: Shown, request: Request, where: str) -> None:
        self._home, self._crew, self._shown, self.request = home, crew, shown, request
        self.produced = 0
        self._where = " ".join([where, *request.options])

    @property
    def name(self) -> str:
        """What the status line calls the source."""
        return self.request.name

    @property
    def is_read(self) -> bool:
        """Whether the source was read to its end."""
        return self._crew.status.states.get(self.name, "").startswith(READ)

    def leave_out_known(self) -> None:
        """Leave out the files that were read before: their posts would come too late, and count as late."""
        known = self._home.known(self.request.sources, self._where)
        if known:
            name = self.name
            self.request = self.request.without(known)
            files = ", ".join(known[:3]) + (f" and {len(known) - 3} more" if len(known) > 3 else "")
            self._shown.say(f"{files}: read before, and not changed since. --again reads it once more")
            if not self.request.sources:
                self._crew.status.states[name] = f"{READ} before"

    async def read(self, broker: str) -> int:
        """Read; return the exit code for the whole command, once the source has ended.

        Raises:
            SandikError: nothing came of it.
        """
        job = jobs.source(broker, self.request)
        if self.request.is_live:
            if not self.request.has("--cursor"):
                cursor = self._home.cursor(self.request.sources[0])
                job = jobs.source(broker, self.request.with_options("--cursor", str(cursor)))
            await self._crew.keep(job, _serves, lambda: None, self.name, "is read")
            return 0
        self._crew.show(self.name, "is read")
        answer = self._crew.log(job).with_suffix(".json")
        exit_code = await self._crew.run(job, answer)
        produced = self.produced = _produced(answer.read_bytes())
        if exit_code and not produced:
            raise SandikError(self._crew.obituary(job.name, exit_code))
        if exit_code:
            self._shown.say(self._crew.obituary(job.name, exit_code))
            self._crew.show(self.name, f"{READ} in part, {produced:,} posts")
        else:
            self._home.remember(self.request.sources, self._where)
            self._crew.show(self.name, f"{READ}, {produced:,} posts")
        return exit_code


async def _serves() -> str | None:
    return None


def _produced(summary: bytes) -> int:
    try:
        return int(orjson.loads(summary)["produced"])
    except (ValueError, TypeError, KeyError):
        return 0
