"""The context of traces in the headers of records, as W3C's `traceparent` has it."""

from collections.abc import Iterable
from typing import Protocol

from opentelemetry.context import Context
from opentelemetry.trace import Link, SpanContext, get_current_span
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from sandik.kafka.publish import Headers, Outgoing

#: A batch may hold posts of thousands of traces; at most this many are linked.
MAX_LINKS = 32

#: A valid header has 55; later versions of the format may add something.
MAX_HEADER_BYTES = 512

TRACEPARENT = "traceparent"
#: Version and trace id are in front.
_TRACE_ENDS = len("00-") + 32

_w3c = TraceContextTextMapPropagator()


class WithHeaders(Protocol):
    """A record as Kafka delivered it. Nothing is sure of what its headers hold."""

    @property
    def headers(self) -> Iterable[tuple[str, bytes | None]]: ...  # noqa: D102


def links(records: Iterable[WithHeaders]) -> list[Link]:
    """Return a link to each trace that the records' headers name, the first MAX_LINKS of them.

    Of several such headers of a record only the first is looked at: a post has one.
    """
    found: dict[int, Link] = {}
    known: set[bytes] = set()
    for record in records:
        value = next((value for name, value in record.headers if name == TRACEPARENT), None)
        # By its beginning: each post of a trace may have a span of its own, and parsing takes long.
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
    """Return the headers that lead to the context's span; none where it is of no trace."""
    carrier: dict[str, str] = {}
    _w3c.inject(carrier, context)
    return [(name, value.encode()) for name, value in carrier.items()]


def signed(records: Iterable[Outgoing], signature: Headers) -> list[Outgoing]:
    """Return the records with these headers added, except where a record came with a trace of its own."""
    return [
        record
        if any(name.lower() == TRACEPARENT for name, _ in record.headers or ())
        else record._replace(headers=[*(record.headers or ()), *signature])
        for record in records
    ]


def _context(value: bytes) -> SpanContext:
    text = value.decode("ascii", "replace") if len(value) <= MAX_HEADER_BYTES else ""
    return get_current_span(_w3c.extract({TRACEPARENT: text})).get_span_context()
