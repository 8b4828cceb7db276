"""Facts about a running worker: of its app, consumer and agents. Another thread reads them."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from time import monotonic

import faust
from aiokafka.errors import KafkaConnectionError
from faust.types import TP
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from sandik.telemetry.health import Answer, Facts, alive, ready
from sandik.telemetry.metric_catalogue import METRICS
from sandik.telemetry.metrics import Metrics
from sandik.worker.app import App
from sandik.worker.engine.consumer_health import has_coordinator, lag_records
from sandik.worker.topology import Topology

BEAT_S = 1.0
#: A worker restarts after this many beats (a minute) without Kafka: if it writes nothing, no error tells it.
SILENT_BEATS = 60

_BY_NAME = {metric.name: metric for metric in METRICS}


class Vitals(Collector):
    """What a worker does right now, for the probes and the gauges."""

    def __init__(self, metrics: Metrics, uncommitted_after_s: float) -> None:
        self.metrics = metrics
        self.uncommitted_after_s = uncommitted_after_s
        self._app: App | None = None
        self._topology: Topology | None = None
        self._beat_s: float | None = None
        self._is_assigned = False
        self._awaits_kafka = False
        #: For each partition: the last committed offset, and when it last moved or had caught up.
        self._commits: dict[int, tuple[int | None, float]] = {}
        self._rebalance_began_s: float | None = None
        self._assigned_s: float | None = None
        metrics.registry.register(self)

    @contextmanager
    def waiting_for_kafka(self) -> Iterator[None]:
        """Report it as long as the block lasts."""
        self._awaits_kafka = True
        yield
        self._awaits_kafka = False

    def watch(self, app: App, topology: Topology) -> None:
        """Begin to watch this app."""
        self._app, self._topology = app, topology
        app.reader.on_revoked = self.rebalance_started
        app.reader.on_assigned = self._on_assigned
        app.reader.on_reading = self.rebalance_ended

    @property
    def alive(self) -> Answer:
        """Answer `/healthz`."""
        return alive(self.facts())

    @property
    def ready(self) -> Answer:
        """Answer `/readyz`."""
        return ready(self.facts())

    def facts(self) -> Facts:
        """Return what is known now."""
        app = self._app
        if app is None or self._beat_s is None:
            return Facts(awaits_kafka=self._awaits_kafka)
        now_s = monotonic()
        reason = None if app.begins_anew else app.first_crash_reason
        owned = list(self._topology.count.owned.items()) if self._topology else []
        return Facts(
            is_stopping=app.should_stop and app.first_crash_reason is None,
            awaits_kafka=app.begins_anew,
            crash=None if reason is None else f"{type(reason).__name__}: {reason}",
            loop_silent_s=now_s - self._beat_s,
            is_assigned=self._is_assigned,
            is_rebalancing=app.reader.is_rebalancing,
            is_recovering=app.reader.is_recovering,
            has_coordinator=has_coordinator(app.reader),
            uncommitted_s={
                partition: now_s - since_s
                for partition, (_, since_s) in list(self._commits.items())
                if now_s - since_s > self.uncommitted_after_s
            },
            paused={
                partition: f"at offset {one.paused.offset}: {one.paused.reason}"
                for partition, one in owned
                if one.paused
            },
        )

    def beat(self) -> None:
        """Note that the event loop moves, and check that offsets are committed."""
        now_s = self._beat_s = monotonic()
        if self._app is None or self._topology is None:
            return
        commits = {}
        for tp, next_offset in self._topology.count.positions().items():
            offset = self._app.reader.committed.get(tp)
            known, since_s = self._commits.get(tp.partition, (None, now_s))
            is_well = offset != known or (offset is not None and offset >= next_offset)
            commits[tp.partition] = (offset, now_s if is_well else since_s)
        self._commits = commits

    @property
    def hears_kafka(self) -> bool:
        """Return whether the group's coordinator answers; True as well during a rebalance."""
        return self._app is None or not self._is_assigned or has_coordinator(self._app.reader)

    async def give_up(self) -> None:
        """Crash the app, because Kafka is silent."""
        if self._app is not None:
            error = KafkaConnectionError(f"the group's coordinator has not answered for {SILENT_BEATS} s")
            await self._app.crash(error)

    def rebalance_started(self) -> None:
        """Count a rebalance."""
        self._is_assigned = False
        self.metrics.rebalances.inc()
        self._rebalance_began_s = self._rebalance_began_s or monotonic()

    def _on_assigned(self) -> None:
        self._assigned_s = monotonic()

    def rebalance_ended(self) -> None:
        """Record how long it took."""
        self._is_assigned = True
        now_s = monotonic()
        if self._rebalance_began_s is not None:
            self.metrics.rebalance_seconds.observe(now_s - self._rebalance_began_s)
        if self._assigned_s is not None:
            self.metrics.recovery_seconds.set(now_s - self._assigned_s)
        self._rebalance_began_s = self._assigned_s = None

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """Yield the gauges."""
        yield _gauge("sandik_ready", [((), self.ready.is_ok)])
        if self._app is None or self._topology is None:
            return
        count, merge = self._topology.count, self._topology.merge
        now_ms = self.metrics.clock.now_ms()
        owned = list(count.owned.items())  # at once: the event loop changes it meanwhile
        lags = [
            ((str(partition),), lag_records(self._app.reader, TP(count.topic, partition), one.next_offset))
            for partition, one in owned
        ]
        yield _gauge("sandik_consumer_lag_records", lags)
        watermarks = [
            ((str(partition),), (now_ms - count.job.timing.watermark_ms(one.state.clock.clock_ms)) / 1000)
            for partition, one in owned
            if one.state.clock.clock_ms is not None
        ]
        yield _gauge("sandik_watermark_lag_seconds", watermarks)
        paused = [((str(partition),), one.paused is not None) for partition, one in owned]
        yield _gauge("sandik_partition_paused", paused)
        yield _gauge("sandik_merge_owner", [((), merge.is_owner)])
        watermark_ms = merge.merge.watermark_ms
        if merge.is_owner and watermark_ms is not None:
            yield _gauge("sandik_merge_watermark_lag_seconds", [((), (now_ms - watermark_ms) / 1000)])
        open_windows = [
            (("count",), sum(len(one.state.windows) for _, one in owned)),
            (("merge",), merge.merge.open_windows if merge.is_owner else 0),
        ]
        yield _gauge("sandik_open_windows", open_windows)


class Pulse(faust.Service):
    """Runs on the worker's event loop: shows that it moves, and notices when Kafka is away."""

    def __init__(self, vitals: Vitals) -> None:
        super().__init__()
        self.vitals = vitals

    async def on_start(self) -> None:
        """Begin."""
        self.vitals.beat()
        self.add_future(self._beat())

    async def _beat(self) -> None:
        silent = 0  # beats, not seconds: a worker that was frozen has missed none
        while not self.should_stop:
            self.vitals.beat()
            silent = 0 if self.vitals.hears_kafka else silent + 1
            if silent > SILENT_BEATS:
                await self.vitals.give_up()
                return
            await self.sleep(BEAT_S)


def _gauge(name: str, samples: Iterable[tuple[tuple[str, ...], float | None]]) -> GaugeMetricFamily:
    metric = _BY_NAME[name]
    family = GaugeMetricFamily(name, metric.meaning, labels=tuple(metric.labels))
    for labels, value in samples:
        if value is not None:
            family.add_metric(labels, float(value))
    return family
