"""Metrics of a worker. They are updated once per batch, so they cost almost nothing per post."""

from collections import Counter as Tallied
from collections.abc import Callable, Sequence
from operator import attrgetter
from time import perf_counter
from typing import TypeVar

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
)
from prometheus_client.metrics import MetricWrapperBase

from sandik.clock import Clock
from sandik.counting.fold import ALL, cell_tags
from sandik.counting.job import Counted, Job, Lap, SourceRecord
from sandik.counting.state import PartitionState
from sandik.counting.windows.final_and_late import Timing
from sandik.telemetry.metric_catalogue import METRICS
from sandik_schemas.count import Count
from sandik_schemas.partial import WindowPartial

#: Languages with their own label. All others share one, so the number of labels is limited.
LANGUAGES = frozenset({"ar", "az", "de", "en", "ku", "ru", "tr", "uk", "und"})
OTHER = "other"

disable_created_metrics()  # type: ignore[no-untyped-call]  # they double the lines, and nothing reads them

_BY_NAME = {metric.name: metric for metric in METRICS}
_language_and_tags = attrgetter("language", "tags")
_Kind = TypeVar("_Kind", bound=MetricWrapperBase)


class Metrics:
    """The metrics of one worker, in their own registry."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self.build_info = self._make(Gauge, "sandik_build_info")
        self.consumed = self._make(Counter, "sandik_posts_consumed_total")
        self.tagged = self._make(Counter, "sandik_posts_tagged_total")
        self.rejected = self._make(Counter, "sandik_posts_rejected_total")
        self.late = self._make(Counter, "sandik_posts_late_total")
        self.duplicate = self._make(Counter, "sandik_posts_duplicate_total")
        self.ignored = self._make(Counter, "sandik_posts_ignored_total")
        self.windows_final = self._make(Counter, "sandik_windows_final_total")
        self.batch_records = self._make(Histogram, "sandik_batch_records")
        self.step_seconds = self._make(Histogram, "sandik_step_seconds")
        self.end_to_end_seconds = self._make(Histogram, "sandik_end_to_end_seconds")
        self.rebalances = self._make(Counter, "sandik_rebalances_total")
        self.rebalance_seconds = self._make(Histogram, "sandik_rebalance_seconds")
        self.recovery_seconds = self._make(Gauge, "sandik_recovery_seconds")
        for outcome in ("counted", "set_aside"):
            self.late.labels(outcome)  # 0, not absent, before the first
        self._final_until_ms: int | None = None

    def describe(self, job: Job, version: str) -> None:
        """Set what runs: versions and rules."""
        self.build_info.labels(version, job.run_id, job.tagger.version, job.detector.version).set(1)

    @property
    def has_counted(self) -> bool:
        """Return whether a batch has been counted."""
        return bool(self.registry.get_sample_value("sandik_posts_consumed_total"))

    def batch(self, job: Job, state: PartitionState, records: Sequence[SourceRecord], lap: Lap) -> "Batch":
        """Start to measure a batch, before it changes the state. `lap` gets its steps, too."""
        return Batch(self, job, state, records, lap)

    def emitting(self, watermark_ms: int | None) -> None:
        """Note the watermark before merge moves it: windows that it has passed already were final before."""
        if watermark_ms is not None:
            self._final_until_ms = max(watermark_ms, self._final_until_ms or watermark_ms)

    def emitted(self, counts: Sequence[Count]) -> None:
        """Count the counts that were written. Those of windows that were final before are corrections."""
        until_ms = self._final_until_ms
        ends = {count.window_end_ms for count in counts if count.is_final}
        final = [end_ms for end_ms in ends if until_ms is None or end_ms > until_ms]
        if final:
            self.windows_final.inc(len(final))
            self._final_until_ms = max(final)

    def _make(self, kind: Callable[..., _Kind], name: str) -> _Kind:
        metric = _BY_NAME[name]
        options = {"buckets": metric.buckets} if metric.buckets else {}
        return kind(name, metric.meaning, tuple(metric.labels), registry=self.registry, **options)


class Batch:
    """One batch: call `lap` after each step, and `done` when Kafka has all of it."""

    def __init__(
        self, metrics: Metrics, job: Job, state: PartitionState, records: Sequence[SourceRecord], lap: Lap
    ) -> None:
        self._metrics = metrics
        self._job = job
        self._state = state
        self._records = records
        self._lap = lap
        self._before = state.clock
        self._corrected = 0
        self._last_s = perf_counter()

    def lap(self, step: str) -> None:
        """Record that a step has ended."""
        now_s = perf_counter()
        self._metrics.step_seconds.labels(step).observe(now_s - self._last_s)
        self._last_s = now_s
        self._lap(step)

    def counted(self, counted: Counted) -> None:
        """Compare what was counted with the state, before the state changes."""
        self._corrected = corrections(self._state, counted.changes.windows, self._job.timing)

    def done(self, counted: Counted) -> None:
        """Add the batch to the metrics: Kafka has its partials."""
        metrics, before, after = self._metrics, self._before.tally, counted.changes.clock.tally
        metrics.batch_records.observe(len(self._records))
        age_ms = metrics.clock.now_ms() - self._records[-1].timestamp
        metrics.end_to_end_seconds.observe(max(0, age_ms) / 1000)
        set_aside, duplicate = after.late - before.late, after.duplicate - before.duplicate
        rejected, ignored = after.rejected - before.rejected, after.ignored - before.ignored
        metrics.consumed.inc(after.counted - before.counted + set_aside + duplicate + rejected + ignored)
        metrics.duplicate.inc(duplicate)
        metrics.ignored.inc(ignored)
        metrics.late.labels("set_aside").inc(set_aside)
        metrics.late.labels("counted").inc(self._corrected)
        for _, rejection in counted.rejected:
            metrics.rejected.labels(rejection.reason.value).inc(rejection.records)
        pairs = self._job.tagger.pairs
        found = Tallied(map(_language_and_tags, counted.mentions))
        for (language, tags), number in found.items():
            for tag in cell_tags(tags, pairs)[1:]:  # without `all`
                metrics.tagged.labels(language if language in LANGUAGES else OTHER, tag).inc(number)


def corrections(state: PartitionState, windows: Sequence[WindowPartial], timing: Timing) -> int:
    """Return how many posts a batch adds to windows that the partition's watermark has passed."""
    if state.clock.clock_ms is None:
        return 0
    newest_ms = timing.newest_ended_ms(timing.watermark_ms(state.clock.clock_ms))
    late = [window for window in windows if window.window_start_ms <= newest_ms]
    known = [state.windows.get(window.window_start_ms) for window in late]
    return sum(map(_posts, late)) - sum(map(_posts, filter(None, known)))


def _posts(window: WindowPartial) -> int:
    return sum(by_tag.get(ALL, 0) for by_tag in window.counts.values())
