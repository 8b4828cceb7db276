"""The only place that makes a faust.App, with every default of Faust's that we overrule."""

import logging
import os
import sys
from logging import getLogger
from threading import Timer
from typing import Any

import faust
from aiokafka.errors import KafkaError
from faust.auth import Credentials, OAuthCredentials
from faust.types import TP

from sandik.errors import SandikError
from sandik.kafka.connection import client_options
from sandik.settings import Settings
from sandik.worker.engine.allocator import look_for_cycles_seldom, return_large_buffers
from sandik.worker.engine.consumer import PositionedTransport
from sandik.worker.topology import Topology

#: A crashed worker gets this long to close its connections; then the process ends.
CRASH_GRACE_S = 5.0

log = getLogger(__name__)


class App(faust.App):
    """A faust.App that is gone soon after it crashed.

    Stopping Faust after a crash can take a minute, during which the group waits for a
    worker that will do nothing more. All that matters is in Kafka, so ending the process loses nothing.
    """

    #: What it crashed on. Faust keeps the last reason, and stopping may bring up others.
    first_crash_reason: BaseException | None = None

    def _crash(self, reason: BaseException) -> None:
        # What an agent or the recovery fails on comes this way, and not by way of `crash`.
        if not self.crashed:
            self.first_crash_reason = reason
            words = last_words(reason)
            is_foreseen = isinstance(reason, SandikError | KafkaError)
            log.critical("worker stops: %s", words, exc_info=None if is_foreseen else reason)
            # All that is logged from now on comes of stopping, and the last line is to be the reason.
            logging.disable()
            last_resort = Timer(CRASH_GRACE_S, _end, args=(words,))
            last_resort.daemon = True
            last_resort.start()
        super()._crash(reason)


def last_words(reason: BaseException) -> str:
    """Return what a worker says last. It is not the reason's repr: an UnicodeError's holds a post's text."""
    return str(reason) if isinstance(reason, SandikError) else f"{type(reason).__name__}: {reason}"


def _end(words: str) -> None:
    sys.stderr.write(f"sandik: {words}\n")
    sys.stderr.flush()
    os._exit(1)


def create_app(settings: Settings, application_id: str, partitions: int) -> App:
    """Return an App without agents. `partitions` is how many `posts` has."""
    return_large_buffers()
    look_for_cycles_seldom()
    app = App(
        application_id,
        broker=[f"kafka://{server.strip()}" for server in settings.broker.split(",")],
        broker_credentials=_credentials(settings),
        store="memory://",
        datadir=settings.data_dir,
        topic_partitions=partitions,
        topic_replication_factor=settings.replication_factor,
        topic_allow_declare=False,  # sandik.kafka.topics makes them, with cleanup and compaction lag
        topic_disable_leader=True,
        table_standby_replicas=0,  # a standby would read every changelog twice; recovery takes seconds
        web_enabled=False,
        consumer_auto_offset_reset="earliest",
        consumer_group_instance_id=settings.instance_id,
        consumer_metadata_max_age_ms=30_000,  # how soon a grown topic is noticed, and refused
        stream_buffer_maxsize=4,  # batches, not records
        broker_max_poll_records=settings.batch_posts,
        broker_commit_interval=settings.commit_every_ms / 1000,
        broker_session_timeout=settings.session_timeout_ms / 1000,
        broker_heartbeat_interval=settings.session_timeout_ms / 10_000,  # how late the others hear of a death
        broker_rebalance_timeout=settings.session_timeout_ms / 500,
        broker_request_timeout=max(40.0, settings.session_timeout_ms / 500),
        producer_linger=0.0,  # writes are awaited: waiting for more would only be waiting
        producer_max_batch_size=1 << 19,  # half of what Kafka takes as it is shipped
        producer_request_timeout=60.0,
    )
    app.transport = PositionedTransport(app.conf.broker_consumer, app)
    return app


def _credentials(settings: Settings) -> Credentials | None:
    options = client_options(settings)
    context = options.get("ssl_context")
    if "sasl_oauth_token_provider" in options:
        return OAuthCredentials(oauth_cb=options["sasl_oauth_token_provider"], ssl_context=context)
    if "sasl_mechanism" in options:
        return faust.SASLCredentials(
            mechanism=options["sasl_mechanism"],
            username=options["sasl_plain_username"],
            password=options["sasl_plain_password"],
            ssl_context=context,
        )
    return faust.SSLCredentials(context) if context else None


def attach(app: faust.App, topology: Topology) -> None:
    """Let the topology's agents know which partitions they own, and the consumer where to read on."""
    app.consumer.positions = topology.positions  # type: ignore[attr-defined]  # PositionedConsumer

    async def adopt(*_: Any, **__: Any) -> None:
        assigned: set[TP] = app.consumer.assignment()
        await topology.adopt(assigned)
        # Before Faust lets batches through: they would come from the committed offsets at first.
        await app.consumer.perform_seek()

    async def release(*_: Any, **__: Any) -> None:
        topology.release()

    app.on_rebalance_complete.connect(adopt)
    app.on_partitions_revoked.connect(release)
