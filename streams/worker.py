"""`sandik worker`: check what is needed, build the topology, run until told to stop."""

import asyncio
import logging
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NoReturn

import faust

from streams.app import attach, create_app
from streams.clock import SystemClock
from streams.errors import SandikError, TopicError, UsageError
from streams.run import application_id, load_job
from streams.settings import Settings
from streams.topics import POSTS, changelog, create, existing, find_coordinator
from streams.topology import WINDOWS_TABLE, build


async def prepare(settings: Settings, app_id: str, partitions: int) -> None:
    """Make what the group needs in Kafka before its first worker joins."""
    spec = changelog(app_id, WINDOWS_TABLE, partitions)
    try:
        await create(settings, [spec])
    except TopicError as error:
        raise TopicError(
            f"{settings.topic(POSTS)} has {partitions} partitions, and the state of this run, {spec.name}, "
            "was made for another number: posts with the same id may be in two of them, so counts would no "
            "longer be exact. Set another SANDIK_APP_ID to count all posts anew"
        ) from error
    await find_coordinator(settings, app_id)


def check_data_dir(path: Path) -> None:
    """Make the directory if need be. Faust wants to write there, though nothing in it is needed later.

    Raises:
        UsageError: it cannot be made or written.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=path):
            pass
    except OSError as error:
        raise UsageError(
            f"cannot write in the data directory {path} ({error.strerror}): set SANDIK_DATA_DIR to another"
        ) from error


def run_worker(settings: Settings, log_level: str) -> NoReturn:
    """Count posts until SIGINT or SIGTERM, then end the process: exit code 0, or 1 after a crash.

    Raises:
        UsageError: the data directory cannot be written.
        SandikError: Kafka is away, a topic is missing, or the settings name what does not exist.
    """
    check_data_dir(settings.data_dir)
    partitions = asyncio.run(existing(settings))[settings.topic(POSTS)]
    job = load_job(settings)
    app_id = application_id(settings, job)
    asyncio.run(prepare(settings, app_id, partitions))
    app = create_app(settings, app_id, partitions)
    attach(app, build(app, settings, job, SystemClock(), partitions))
    worker = faust.Worker(app, loglevel=log_level, quiet=True)
    worker.spinner = None  # its escape codes have no place in a log
    # It warns when a timer's work took longer than its interval: under load that is how it should be.
    logging.getLogger("mode.timers").setLevel(logging.ERROR)
    logging.setLogRecordFactory(_record)
    try:
        worker.execute_from_commandline()
    finally:
        if isinstance(app.first_crash_reason, SandikError):
            raise app.first_crash_reason from None


def _record(*args: Any, **kwargs: Any) -> logging.LogRecord:
    """Make a log record; of what a user can mend, without the traceback: the message says it all."""
    record = logging.LogRecord(*args, **kwargs)
    if record.exc_info and isinstance(record.exc_info[1], SandikError | asyncio.CancelledError):
        record.exc_info = None
    return record
