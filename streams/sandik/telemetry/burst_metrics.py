"""Metrics of `sandik bursts`."""

from prometheus_client import CollectorRegistry, Counter

from sandik.telemetry.metric_catalogue import BURST_METRICS
from sandik.telemetry.metrics import LANGUAGES, OTHER
from sandik_schemas.burst import Burst


class BurstMetrics:
    """The metrics of one process, in their own registry."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._bursts, self._webhook = (
            Counter(one.name, one.meaning, tuple(one.labels), registry=self.registry) for one in BURST_METRICS
        )
        for outcome in ("delivered", "failed"):
            self._webhook.labels(outcome)  # 0, not absent, before the first

    def found(self, burst: Burst) -> None:
        """Count a burst that was written for the first time."""
        language = burst.language if burst.language in LANGUAGES | {"*"} else OTHER
        self._bursts.labels(language, burst.tag).inc()

    def delivered(self) -> None:
        """Count a record that the webhook accepted."""
        self._webhook.labels("delivered").inc()

    def failed(self) -> None:
        """Count an attempt that failed and will be repeated."""
        self._webhook.labels("failed").inc()
