"""`sandik worker`: check what is needed, build the topology, run until told to stop."""

import asyncio
from typing import NoReturn

import faust

from streams.app import attach, create_app
from streams.clock import SystemClock
from streams.run import application_id, load_job
from streams.settings import Settings
from streams.topics import POSTS, changelog, create, existing, find_coordinator
from streams.topology import WINDOWS_TABLE, build


async def prepare(settings: Settings, app_id: str, partitions: int) -> None:
    """Make what the group needs in Kafka before its first worker joins."""
    await create(settings, [changelog(app_id, WINDOWS_TABLE, partitions)])
    await find_coordinator(settings, app_id)


def run_worker(settings: Settings, log_level: str) -> NoReturn:
    """Count posts until SIGINT or SIGTERM, then end the process: exit code 0, or 1 after a crash.

    Raises:
        SandikError: Kafka is away, a topic is missing, or the settings name what does not exist.
    """
    partitions = asyncio.run(existing(settings))[settings.topic(POSTS)]
    job = load_job(settings)
    app_id = application_id(settings, job)
    asyncio.run(prepare(settings, app_id, partitions))
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    app = create_app(settings, app_id, partitions)
    attach(app, build(app, settings, job, SystemClock(), partitions))
    worker = faust.Worker(app, loglevel=log_level, quiet=True)
    worker.spinner = None  # its escape codes have no place in a log
    worker.execute_from_commandline()
