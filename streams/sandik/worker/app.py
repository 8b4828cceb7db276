"""The only place that makes a faust.App, with every default of Faust's that we overrule."""

import logging
import os
import sys
from collections.abc import Iterable
from logging import getLogger
from threading import Timer
from typing import cast

import faust
from aiokafka.errors import KafkaError
from faust.app.base import BootStrategy
from mode import ServiceT

from sandik.errors import SandikError
from sandik.kafka.connection import client_options
from sandik.settings import Settings
from sandik.worker.engine.assignor import EvenAssignor
from sandik.worker.engine.reader import Reader
from sandik.worker.engine.writer import Writer
from sandik.worker.restart import Outage

#: How long a crashed worker may take to close its connections before the process ends.
CRASH_GRACE_S = 5.0
#: How soon a member hears that another joins or leaves. All partitions wait until the last member knows.
HEARTBEAT_MS = 300

log = getLogger(__name__)


class _Boot(BootStrategy):
    """What a worker starts: the writer, the agents, and the reader that feeds them."""

    def server(self) -> Iterable[ServiceT]:
        """Return the services, in the order in which they start; they stop in the opposite one."""
        app = cast("App", self.app)
        return [*self.sensors(), app.writer, *self.agents(), app.reader]


class App(faust.App):
    """A faust.App that ends soon after a crash.

    Stopping Faust after a crash can take a minute, and the group waits for that worker meanwhile. All state
    is in Kafka, so ending the process loses nothing.
    """

    BootStrategy = _Boot
    reader: Reader
    writer: Writer

    #: Decides after which errors to restart instead, and does so.
    outage: Outage | None = None
    begins_anew = False
    #: What it crashed on. Faust keeps the last reason, and stopping may bring up others.
    first_crash_reason: BaseException | None = None

    @property
    def crash_reason(self) -> BaseException | None:
        """What it crashed on last. Set by Faust as soon as an agent or a service fails."""
        return self._last_crash_reason

    @crash_reason.setter
    def crash_reason(self, reason: BaseException | None) -> None:
        self._last_crash_reason = reason
        if reason is not None and self.first_crash_reason is None:
            self.first_crash_reason = reason
            self._end_soon(reason)

    def _end_soon(self, reason: BaseException) -> None:
        words = last_words(reason)
        self.begins_anew = self.outage is not None and self.outage.bears(reason)
        if self.outage and self.begins_anew:
            log.warning(
                "Kafka does not answer (%s): this worker gives up its partitions, and starts again when "
                "Kafka is back. It waits for up to %.0f s",
                words,
                self.outage.left_s,
            )
            end = Timer(CRASH_GRACE_S, self.outage.begin_anew)
        else:
            is_foreseen = isinstance(reason, SandikError | KafkaError)
            log.critical("worker stops: %s", words, exc_info=None if is_foreseen else reason)
            end = Timer(CRASH_GRACE_S, _end, args=(words,))
        # Later messages are only about stopping; the last line of the log must be the reason.
        logging.disable()
        end.daemon = True
        end.start()


def last_words(reason: BaseException) -> str:
    """Return a worker's last message. Not the error's repr: that of a UnicodeError holds a post's text."""
    return str(reason) if isinstance(reason, SandikError) else f"{type(reason).__name__}: {reason}"


def _end(words: str) -> None:
    sys.stderr.write(f"sandik: {words}\n")
    sys.stderr.flush()
    os._exit(1)


def create_app(settings: Settings, application_id: str, partitions: int) -> App:
    """Return an App without agents. `partitions` is how many `posts` has."""
    app = App(
        application_id,
        broker=[f"kafka://{server.strip()}" for server in settings.broker.split(",")],
        store="memory://",
        datadir=settings.data_dir,
        topic_partitions=partitions,
        topic_replication_factor=settings.replication_factor,
        topic_allow_declare=False,  # sandik.kafka.topics makes them, with cleanup and compaction lag
        topic_disable_leader=True,
        table_standby_replicas=0,  # a standby would read every changelog twice; recovery takes seconds
        web_enabled=False,
    )
    app.writer = Writer(
        {
            **client_options(settings),
            "acks": "all",
            "linger_ms": 0,  # writes are awaited: waiting for more would only be waiting
            "max_batch_size": 1 << 19,  # half of what Kafka takes as it is shipped
            "request_timeout_ms": 60_000,
        }
    )
    app.reader = Reader(
        app,
        {
            **client_options(settings),
            "group_id": application_id,
            "group_instance_id": settings.instance_id,
            "partition_assignment_strategy": (EvenAssignor,),
            "auto_offset_reset": "earliest",
            "metadata_max_age_ms": 30_000,  # how soon a grown topic is noticed, and refused
            "max_poll_records": settings.batch_posts,
            # Half of aiokafka's default: as fast, and 11 to 16 MB less in a catch-up. A quarter is slower.
            "max_partition_fetch_bytes": 1 << 19,
            "max_poll_interval_ms": 1_000_000,
            "session_timeout_ms": settings.session_timeout_ms,
            # How late the others hear of a death, and members of a rebalance.
            "heartbeat_interval_ms": min(HEARTBEAT_MS, settings.session_timeout_ms // 10),
            "rebalance_timeout_ms": settings.session_timeout_ms * 2,
            "request_timeout_ms": max(40_000, settings.session_timeout_ms * 2),
        },
        settings.batch_posts,
        settings.commit_every_ms / 1000,
    )
    return app
