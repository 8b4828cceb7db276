"""Traces, sent by OTLP over HTTP. Imports OpenTelemetry, so only a worker that sends traces imports this.

OpenTelemetry's own variables, OTEL_*, say where to send, what and how often. Names of spans and attributes
follow its semantic conventions for messaging; our own begin with `sandik.`. None contains any part of a post.
"""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from threading import Thread
from time import perf_counter_ns

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.trace import Span, SpanKind, StatusCode, Tracer, set_span_in_context

from sandik import __version__
from sandik.clock import Clock
from sandik.counting.job import Counted
from sandik.kafka.publish import Outgoing
from sandik.kafka.record_lists import Record
from sandik.telemetry.trace_headers import links, signature, signed
from sandik.telemetry.traces import BatchTrace, Traces
from sandik_schemas.count import Count
from sandik_schemas.partial import Tally

#: A worker that ends does not wait longer for a collector.
CLOSING_S = 2.0


class OtlpTraces(Traces):
    """Spans: one for each counted batch, one for each of its steps, and one each time counts are written.

    Raises:
        ValueError: an OTEL_ variable is not allowed.
    """

    def __init__(self, clock: Clock, exporter: SpanExporter | None = None) -> None:
        self._clock = clock
        own = Resource({"service.name": "sandik", "service.version": __version__})
        # In this order, so that OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES override ours.
        resource = Resource.create(own.merge(OTELResourceDetector().detect()).attributes)
        self._provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(exporter or OTLPSpanExporter()))
        self._tracer = self._provider.get_tracer("sandik", __version__)

    @contextmanager
    def batch(
        self, topic: str, partition: int, records: Sequence[Record], before: Tally
    ) -> Iterator[BatchTrace]:
        """Trace one batch. Its span begins a new trace, because a batch has posts of many traces."""
        attributes: dict[str, str | int] = {
            "messaging.destination.partition.id": str(partition),
            "sandik.offset.first": records[0].offset,
            "sandik.offset.last": records[-1].offset,
        }
        times = _Times(self._clock)
        own = _attributes("process", "process", topic, len(records)) | attributes
        span = self._tracer.start_span(
            f"process {topic}", None, SpanKind.CONSUMER, own, links(records), times.now_ns()
        )
        with _ended(span, times):
            yield _SentBatch(self._tracer, span, times, before)

    def publishing(self, topic: str, counts: Sequence[Count]) -> AbstractContextManager[None]:
        """Trace the writing of counts. Without counts, there is no span."""
        if not counts:
            return nullcontext()
        times = _Times(self._clock)
        attributes = _attributes("publish", "send", topic, len(counts)) | {
            "sandik.final": sum(count.is_final for count in counts)
        }
        span = self._tracer.start_span(
            f"publish {topic}", None, SpanKind.PRODUCER, attributes, None, times.now_ns()
        )
        return _ended(span, times)

    def close(self) -> None:
        """Send what is not sent yet, within CLOSING_S."""
        closing = Thread(target=self._provider.shutdown, daemon=True)
        closing.start()
        closing.join(CLOSING_S)


class _Times:
    """The time of day, by a clock that never goes back, so that the steps of a batch are in order."""

    def __init__(self, clock: Clock) -> None:
        self._offset_ns = clock.now_ms() * 1_000_000 - perf_counter_ns()

    def now_ns(self) -> int:
        return self._offset_ns + perf_counter_ns()


class _SentBatch(BatchTrace):
    def __init__(self, tracer: Tracer, span: Span, times: _Times, before: Tally) -> None:
        self._tracer = tracer
        self._span = span
        self._times = times
        self._before = before
        self._context = set_span_in_context(span)
        self._last_ns = times.now_ns()

    def lap(self, step: str) -> None:
        now_ns = self._times.now_ns()
        child = self._tracer.start_span(step, self._context, start_time=self._last_ns)
        child.end(now_ns)
        self._last_ns = now_ns

    def signed(self, records: list[Outgoing]) -> list[Outgoing]:
        return signed(records, signature(self._context))

    def done(self, counted: Counted) -> None:
        before, after = self._before, counted.changes.clock.tally
        self._span.set_attributes(
            {
                f"sandik.{outcome}": getattr(after, outcome) - getattr(before, outcome)
                for outcome in Tally.__struct_fields__
            }
        )
        self._span.set_attribute("sandik.mentions", len(counted.mentions))


def _attributes(name: str, kind: str, topic: str, records: int) -> dict[str, str | int]:
    return {
        "messaging.system": "kafka",
        "messaging.operation.name": name,
        "messaging.operation.type": kind,
        "messaging.destination.name": topic,
        "messaging.batch.message_count": records,
    }


@contextmanager
def _ended(span: Span, times: _Times) -> Iterator[None]:
    try:
        yield
    except BaseException as error:
        # Only its type: a message may quote the text of a post.
        span.set_attribute("error.type", type(error).__name__)
        span.set_status(StatusCode.ERROR)
        raise
    finally:
        span.end(times.now_ns())
