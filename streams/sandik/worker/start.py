"""`sandik worker`: check what is needed, build the topology, run until told to stop."""

import asyncio
from contextlib import closing
from logging import getLogger
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NoReturn

import faust
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from sandik import __version__
from sandik.clock import SystemClock
from sandik.counting.job import Job
from sandik.errors import BrokerError, ClockError, SandikError, TopicError, UsageError
from sandik.kafka.connection import client_options, unreachable
from sandik.kafka.record_times import as_text, complaints, mend
from sandik.kafka.run_claims import claim
from sandik.kafka.topics import (
    POSTS,
    WINDOWS_TABLE,
    TopicSpec,
    all_topics,
    changelog,
    connected,
    create_with,
    existing,
    find_coordinator,
    partitions_of,
)
from sandik.kafka.waiting import wait_for_kafka
from sandik.ops.probes import measure_skew
from sandik.run_identity import application_id, lexicon_notice, load_job, lost_cells
from sandik.settings import Settings
from sandik.telemetry.logs import configure_logs
from sandik.telemetry.metrics import Metrics
from sandik.telemetry.traces import Traces
from sandik.worker.agents.worker import WorkerParts
from sandik.worker.app import create_app, last_words
from sandik.worker.control_watch import ControlWatch
from sandik.worker.engine.allocator import (
    look_for_cycles_seldom,
    return_large_buffers,
    return_what_loading_left,
)
from sandik.worker.ops_server import served
from sandik.worker.restart import Outage
from sandik.worker.topology import build
from sandik.worker.vitals import Pulse, Vitals

#: After this many commits without its offset, a counted post is taken as not being committed.
UNCOMMITTED_AFTER_COMMITS = 10

log = getLogger(__name__)


async def prepare(settings: Settings, app_id: str, partitions: int) -> None:
    """Create what the group needs in Kafka before its first worker joins.

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
                "would no longer be exact. Stop all workers and count all posts again with "
                "`sandik runs replace`"
            )
        await create_with(admin, settings, [spec])
        await _check_times(admin, settings, spec)
        await find_coordinator(admin, app_id)


async def _check_times(admin: AIOKafkaAdminClient, settings: Settings, state: TopicSpec) -> None:
    """Log what is wrong with the topics' record timestamps; correct it in our own topic."""
    for line in await complaints(admin, all_topics(settings)):
        log.warning("%s", line)
    try:
        for name, config in (await mend(settings, [state])).items():
            if config:
                log.warning("topic %s: set %s", name, as_text(config))
    except BrokerError as error:
        log.warning("%s", error)


def check_data_dir(path: Path) -> None:
    """Create the directory if it is missing. Faust writes to it; no file in it is needed later.

    Raises:
        UsageError: it cannot be created or written.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=path):
            pass
    except OSError as error:
        raise UsageError(
            f"cannot write in the data directory {path} ({error.strerror}): set SANDIK_DATA_DIR to another"
        ) from error


def open_traces(settings: Settings) -> Traces:
    """Return the traces that SANDIK_TRACES asks for.

    Raises:
        UsageError: OpenTelemetry is not installed, or rejects one of its own variables.
    """
    if settings.traces == "off":
        return Traces()
    try:
        from sandik.telemetry.otlp import OtlpTraces
    except ImportError as error:
        raise UsageError(
            f"SANDIK_TRACES={settings.traces} needs OpenTelemetry ({error}): "
            "pip install 'sandik[otel]', or set SANDIK_TRACES=off"
        ) from error
    try:
        return OtlpTraces(SystemClock())
    except ValueError as error:
        raise UsageError(f"SANDIK_TRACES={settings.traces}: an OTEL_ variable is wrong: {error}") from error


def run_worker(settings: Settings, log_level: str | None = None, wait_s: float | None = 0.0) -> NoReturn:
    """Count posts until SIGINT or SIGTERM, then end the process: exit code 0, or 1 after a crash.

    `wait_s`: how long to wait at the start while Kafka does not answer; None for half a minute at a
    terminal. If Kafka goes away later, the worker restarts in this process and waits for `kafka_away_ms`.

    Raises:
        UsageError: the data directory cannot be written, the port of `/metrics` is taken, or traces are
            on and OpenTelemetry is not installed.
        SandikError: Kafka is away, a topic is missing, or the settings name something that does not exist.
    """
    configure_logs(log_level or settings.log_level)
    check_data_dir(settings.data_dir)
    return_large_buffers()  # before the lexicon is read, whose copies would leave holes
    look_for_cycles_seldom()
    metrics = Metrics(SystemClock())
    vitals = Vitals(metrics, UNCOMMITTED_AFTER_COMMITS * settings.commit_every_ms / 1000)
    outage = Outage(settings.kafka_away_ms / 1000, lambda: metrics.has_counted)
    with closing(open_traces(settings)) as traces, served(vitals, settings.ops_host, settings.ops_port):
        try:
            job = load_job(settings)
            return_what_loading_left()
            if notice := lexicon_notice(settings.lexicon, lost_cells(job.tagger)):
                log.warning(notice)
            metrics.describe(job, __version__)
            with vitals.waiting_for_kafka():
                if outage.has_begun_anew:
                    asyncio.run(wait_for_kafka(settings, outage.left_s, is_told=True))
                else:
                    asyncio.run(wait_for_kafka(settings, wait_s))
            outage.is_over()
            _run(settings, job, vitals, traces, outage)
        except ClockError as error:
            raise asyncio.run(_measured(settings, error)) from None
        except BrokerError as error:
            if outage.has_begun_anew and outage.bears(error):
                outage.begin_anew()
            raise


def _unforeseen(reason: BaseException) -> str:
    return (
        f"{last_words(reason)}. This error was not expected. Nothing is lost or counted twice: start the "
        "worker again, and report its log if the error returns"
    )


def _run(settings: Settings, job: Job, vitals: Vitals, traces: Traces, outage: Outage) -> NoReturn:
    partitions = asyncio.run(existing(settings))[settings.topic(POSTS)]
    app_id = application_id(settings, job)
    control = asyncio.run(claim(settings, job, partitions, SystemClock()))
    asyncio.run(prepare(settings, app_id, partitions))
    app = create_app(settings, app_id, partitions)
    parts = WorkerParts(app, app.reader, app.writer, settings, SystemClock(), vitals.metrics, traces)
    topology = build(parts, job, partitions, control)
    app.outage = outage
    vitals.watch(app, topology)
    watch = ControlWatch(app, settings, control, topology.count.resume)
    worker = faust.Worker(app, Pulse(vitals), watch, quiet=True, override_logging=False)
    worker.spinner = None  # its escape codes have no place in a log
    try:
        worker.execute_from_commandline()
    finally:
        reason = app.first_crash_reason
        if app.begins_anew:
            outage.begin_anew()
        if isinstance(reason, KafkaError):
            # Such as a password that was changed: Faust waits for an answer until its own time is up.
            reason = asyncio.run(unreachable(client_options(settings), reason))
        if reason is not None:
            raise reason if isinstance(reason, SandikError) else SandikError(_unforeseen(reason)) from None


async def _measured(settings: Settings, error: ClockError) -> BrokerError:
    """Return the error with the difference of the clocks, if Kafka lets us ask."""
    try:
        async with connected(settings) as admin:
            skew = await measure_skew(admin, settings, SystemClock())
    except (KafkaError, SandikError):
        return error
    return BrokerError(f"{skew}: {error}")
