"""A second `sandik up` with the same data directory: it reads its source into the first one's Kafka."""

import asyncio
import os
import sys

from sandik.broker.probe import HOST
from sandik.errors import SandikError, UsageError
from sandik.up.data_dir import Home, Running
from sandik.up.ingest import Reader
from sandik.up.processes import Crew
from sandik.up.request import Request
from sandik.up.status_line import Shown
from sandik.up.supervisor import Choice

_LOOK_EVERY_S = 0.5


async def read_beside(home: Home, running: Running, request: Request, choice: Choice, shown: Shown) -> int:
    """Say where the page is, read the source to its end, and return the exit code.

    Raises:
        UsageError: the settings ask for another Kafka or other topics.
        SandikError: no post was read, or the first `up` has ended.
    """
    check_same(running, choice)
    shown.say(f"`sandik up` (process {running.pid}) already runs in {home.path}: using its Kafka and page")
    sys.stdout.write(f"{running.page}\n")
    sys.stdout.flush()
    crew = Crew(home, shown, log_suffix=f"-{os.getpid()}")
    reader = Reader(home, crew, shown, request, running.where)
    if not choice.reads_again:
        reader.leave_out_known()
    if not reader.request.sources:
        return 0
    reading = asyncio.create_task(reader.read(running.broker))
    showing = asyncio.create_task(shown.follow(crew.status))
    watching = asyncio.create_task(_until_gone(home, running))
    try:
        await asyncio.wait({reading, watching}, return_when=asyncio.FIRST_COMPLETED)
        if reading.done():
            exit_code = await reading
            if exit_code == 0:
                crew.forget_logs()
            return exit_code
        raise SandikError(
            f"the `sandik up` (process {running.pid}) whose Kafka was used has ended, so reading stopped. "
            "Posts read by then are kept: run the same command again"
        )
    finally:
        reading.cancel()
        watching.cancel()
        showing.cancel()
        await crew.end()


def check_same(running: Running, choice: Choice) -> None:
    """Check that this `up` may write into the topics of the one that runs.

    Raises:
        UsageError: its settings name other topics, which nobody counts.
    """
    theirs = f"the `sandik up` that runs with this data (process {running.pid})"
    for name, own, other in (
        ("SANDIK_BROKER", choice.broker or running.broker, running.broker),
        ("SANDIK_TOPIC_PREFIX", choice.settings.topic_prefix, running.topic_prefix),
        (
            "--port",
            choice.page_port and f"http://{HOST}:{choice.page_port}/",
            choice.page_port and running.page,
        ),
    ):
        if own != other:
            said, has = own or "none", other or "none"
            raise UsageError(f"{name} is {said}, but {theirs} has {has}: choose another --data-dir")


async def _until_gone(home: Home, running: Running) -> None:
    def lives() -> bool:
        now = home.running()
        return home.is_owned() and now is not None and now.pid == running.pid

    while lives():  # noqa: ASYNC110 - only the system knows of locks
        await asyncio.sleep(_LOOK_EVERY_S)
