"""The trace context in the headers of records: W3C's `traceparent`."""

from collections.abc import Iterable
from typing import Protocol

from opentelemetry.context import Context
from opentelemetry.trace import Link, SpanContext, get_current_span
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from sandik.kafka.publish import Headers, Outgoing

#: A batch may have posts of thousands of traces. At most this many are linked.
MAX_LINKS = 32

#: A valid header has 55 bytes; later versions of the format may be longer.
MAX_HEADER_BYTES = 512

TRACEPARENT = "traceparent"
#: The version and the trace id come first.
_TRACE_ENDS = len("00-") + 32

_w3c = TraceContextTextMapPropagator()


class WithHeaders(Protocol):
    """A record as Kafka delivered it. Its headers may contain anything."""

    @property
    def headers(self) -> Iterable[tuple[str, bytes | None]]: ...  # noqa: D102


def links(records: Iterable[WithHeaders]) -> list[Link]:
    """Return links to the traces that the records' headers name, at most MAX_LINKS.

    A post has one such header. If a record has several, only the first counts.
    """
    found: dict[int, Link] = {}
    known: set[bytes] = set()
    for record in records:
        value = next((value for name, value in record.headers if name == TRACEPARENT), None)
        # By its beginning: posts of a trace have different spans, and parsing is slow.
        if not value or value[:_TRACE_ENDS] in known:
            continue
        context = _context(value)
        if context.is_valid:
            known.add(value[:_TRACE_ENDS])
            found.setdefault(context.trace_id, Link(context))
            if len(found) == MAX_LINKS:
                break
    return list(found.values())


def signature(context: Context) -> Headers:
    """Return the headers that name the context's span; none if it is in no trace."""
    carrier: dict[str, str] = {}
    _w3c.inject(carrier, context)
    return [(name, value.encode()) for name, value in carrier.items()]


def signed(records: Iterable[Outgoing], signature: Headers) -> list[Outgoing]:
    """Return the records with these headers added, except to records that have their own trace."""
    return [
        record
        if any(name.lower() == TRACEPARENT for name, _ in record.headers or ())
        else record._replace(headers=[*(record.headers or ()), *signature])
        for record in records
    ]


def _context(value: bytes) -> SpanContext:
    text = value.decode("ascii", "replace") if len(value) <= MAX_HEADER_BYTES else ""
    return get_current_span(_w3c.extract({TRACEPARENT: text})).get_span_context()
