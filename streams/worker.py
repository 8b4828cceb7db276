"""`sandik worker`: check what is needed, build the topology, run until told to stop."""

import asyncio
import logging
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NoReturn

import faust
from aiokafka.errors import KafkaError

from streams.app import attach, create_app
from streams.clock import SystemClock
from streams.connection import client_options, unreachable
from streams.errors import SandikError, TopicError, UsageError
from streams.run import application_id, load_job
from streams.settings import Settings
from streams.topics import POSTS, changelog, connected, create_with, existing, find_coordinator, partitions_of
from streams.topology import WINDOWS_TABLE, build


async def prepare(settings: Settings, app_id: str, partitions: int) -> None:
    """Make what the group needs in Kafka before its first worker joins.

    Raises:
        TopicError: the state of this run was made for another number of partitions, or is not compacted.
        BrokerError: Kafka cannot be reached, or refuses.
    """
    spec = changelog(app_id, WINDOWS_TABLE, partitions)
    async with connected(settings) as admin:
        found = (await partitions_of(admin, [spec.name])).get(spec.name, partitions)
        if found != partitions:
            raise TopicError(
                f"{settings.topic(POSTS)} has {partitions} partitions, and the state of this run, "
                f"{spec.name}, was made for {found}: posts with the same id may be in two of them, so counts "
                "would no longer be exact. Set another SANDIK_APP_ID to count all posts anew"
            )
        await create_with(admin, settings, [spec])
        await find_coordinator(admin, app_id)


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
        reason = app.first_crash_reason
        if isinstance(reason, KafkaError):
            # Such as a password that was changed: Faust waits for an answer until its own time is up.
            reason = asyncio.run(unreachable(client_options(settings), reason))
        if isinstance(reason, SandikError):
            raise reason from None


def _record(*args: Any, **kwargs: Any) -> logging.LogRecord:
    """Make a log record; of what a user can mend, without the traceback: the message says it all."""
    record = logging.LogRecord(*args, **kwargs)
    if record.exc_info and isinstance(record.exc_info[1], SandikError | KafkaError | asyncio.CancelledError):
        record.exc_info = None
    return record
