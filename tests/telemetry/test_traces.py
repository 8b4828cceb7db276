"""What a worker tells of a batch: links to the posts' traces, headers of its own, and nothing of any post."""

import sys
from threading import Event
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, format_span_id, format_trace_id

from sandik.clock import SystemClock
from sandik.errors import UsageError
from sandik.kafka.publish import Outgoing
from sandik.settings import Settings
from sandik.telemetry.otlp import OtlpTraces
from sandik.telemetry.trace_headers import MAX_HEADER_BYTES, MAX_LINKS, TRACEPARENT, links, signed
from sandik.telemetry.traces import Traces
from sandik.worker.start import open_traces
from sandik_schemas.partial import Tally


class Record(NamedTuple):
    """A record of `posts`, as far as traces look at it."""

    headers: list[tuple[str, bytes | None]]
    offset: int = 0
    timestamp: int = 0
    key: bytes | None = None
    value: bytes | None = None


def traceparent(trace_id: int, span_id: int = 7) -> bytes:
    return f"00-{format_trace_id(trace_id)}-{format_span_id(span_id)}-01".encode()


def of_trace(trace_id: int, span_id: int = 7) -> Record:
    return Record([("other", b"x"), (TRACEPARENT, traceparent(trace_id, span_id))])


def trace_ids(records: list[Record]) -> list[int]:
    return [link.context.trace_id for link in links(records)]


def test_a_post_s_trace_is_linked_with_the_span_that_wrote_it() -> None:
    [link] = links([Record([]), of_trace(5, 9)])

    assert (link.context.trace_id, link.context.span_id, link.context.is_remote) == (5, 9, True)


def test_a_trace_is_linked_once_and_not_more_than_the_first_so_many() -> None:
    assert trace_ids([of_trace(5, 1), of_trace(6), of_trace(5, 2), of_trace(5, 1)]) == [5, 6]
    assert trace_ids([of_trace(n % 100 + 1) for n in range(1_000)]) == list(range(1, MAX_LINKS + 1))


def test_a_record_is_of_one_trace_however_many_headers_name_some() -> None:
    values = [b"no trace", *map(traceparent, range(1, MAX_LINKS))]
    for first, expected in ((values[1:], [1]), (values, [])):
        assert trace_ids([Record([(TRACEPARENT, value) for value in first])]) == expected


@pytest.mark.parametrize(
    "value",
    [
        None,
        b"",
        b"\xff\xfe",
        traceparent(0),
        traceparent(5, 0),
        traceparent(0xA).upper(),
        traceparent(5) + b"-more",
        b"ff" + traceparent(5)[2:],
        b"01" + traceparent(5)[2:] + b"-" + b"x" * MAX_HEADER_BYTES,
        traceparent(5)[:-1],
    ],
)
def test_what_is_no_traceparent_is_no_link_and_no_line_in_the_log(
    value: bytes | None, caplog: pytest.LogCaptureFixture
) -> None:
    assert trace_ids([Record([(TRACEPARENT, value)]), of_trace(6)]) == [6]
    assert not caplog.records


_values = st.one_of(
    st.none(),
    st.binary(max_size=80),
    st.integers(0, 60).map(traceparent),
    st.tuples(st.integers(0, 60).map(traceparent), st.binary(max_size=9)).map(lambda two: two[0] + two[1]),
    st.binary(max_size=9).map(lambda end: b"01" + traceparent(5)[2:] + b"-" + end),
)
_headers = st.lists(st.tuples(st.sampled_from([TRACEPARENT, "tracestate", ""]), _values), max_size=3)


@given(st.lists(_headers.map(Record), max_size=60))
def test_whatever_the_headers_hold_there_are_few_links_each_of_another_trace(records: list[Record]) -> None:
    found = trace_ids(records)

    assert len(found) == len(set(found)) <= MAX_LINKS
    assert 0 not in found


def test_a_record_that_came_with_a_trace_keeps_it_and_others_get_ours() -> None:
    ours = [(TRACEPARENT, traceparent(1))]
    came = [(TRACEPARENT, b"not even valid"), ("reason", b"not_json")]
    records = [
        Outgoing("t", 0, b"k", b"v"),
        Outgoing("t", 0, b"k", b"v", headers=[("reason", b"not_json")]),
        Outgoing("t", 0, b"k", b"v", headers=came),
        Outgoing("t", 0, b"k", b"v", headers=[("Traceparent", traceparent(2))]),
    ]

    found = signed(records, ours)

    assert [record.headers for record in found] == [
        ours,
        [("reason", b"not_json"), *ours],
        came,
        [("Traceparent", traceparent(2))],
    ]
    assert [record._replace(headers=None) for record in found] == [Outgoing("t", 0, b"k", b"v")] * 4


class Kept(InMemorySpanExporter):
    """Spans as they would be sent."""

    def spans(self, traces: OtlpTraces) -> dict[str, ReadableSpan]:
        traces.close()
        return {span.name: span for span in self.get_finished_spans()}


def one_batch(traces: OtlpTraces) -> list[Outgoing]:
    with traces.batch("posts", 3, [Record([], 11), of_trace(5)], Tally()) as trace:
        trace.lap("decode")
        return trace.signed([Outgoing("mentions", 0, b"k", b"v")])


def test_what_a_batch_writes_is_of_the_trace_of_its_span_and_its_steps_are_within_it() -> None:
    kept = Kept()
    traces = OtlpTraces(SystemClock(), kept)
    [written] = one_batch(traces)
    spans = kept.spans(traces)
    batch, step = spans["process posts"], spans["decode"]

    assert batch.context
    assert step.parent == batch.context
    assert batch.kind is SpanKind.CONSUMER
    [link] = links([Record(list(written.headers or []))])
    assert (link.context.trace_id, link.context.span_id) == (batch.context.trace_id, batch.context.span_id)
    assert batch.start_time
    assert step.start_time
    assert step.end_time
    assert batch.end_time
    assert batch.start_time <= step.start_time <= step.end_time <= batch.end_time


def test_a_batch_that_fails_says_with_what_kind_of_error_and_not_its_message() -> None:
    kept = Kept()
    traces = OtlpTraces(SystemClock(), kept)
    with pytest.raises(ValueError, match="text"), traces.batch("posts", 3, [of_trace(5)], Tally()):
        raise ValueError("the text of a post")
    batch = kept.spans(traces)["process posts"]

    assert batch.attributes
    assert batch.attributes["error.type"] == "ValueError"
    assert not batch.status.is_ok
    assert "text of a post" not in batch.to_json()


def test_what_is_not_sampled_is_not_sent_and_says_so_to_those_who_read_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "always_off")
    kept = Kept()
    traces = OtlpTraces(SystemClock(), kept)
    [written] = one_batch(traces)

    assert not kept.spans(traces)
    [link] = links([Record(list(written.headers or []))])
    assert not link.context.trace_flags.sampled


def test_opentelemetry_s_own_switch_and_names_are_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = Kept()
    traces = OtlpTraces(SystemClock(), kept)
    one_batch(traces)
    assert kept.spans(traces)["decode"].resource.attributes["service.name"] == "sandik"

    monkeypatch.setenv("OTEL_SERVICE_NAME", "mine")
    traces = OtlpTraces(SystemClock(), kept := Kept())
    one_batch(traces)
    assert kept.spans(traces)["decode"].resource.attributes["service.name"] == "mine"

    monkeypatch.setenv("OTEL_SDK_DISABLED", "true")
    traces = OtlpTraces(SystemClock(), kept := Kept())
    assert one_batch(traces) == [Outgoing("mentions", 0, b"k", b"v", headers=[])]
    assert not kept.spans(traces)


def test_no_counts_no_span() -> None:
    kept = Kept()
    traces = OtlpTraces(SystemClock(), kept)
    with traces.publishing("counts", []):
        pass

    assert not kept.spans(traces)


def test_off_there_are_none_and_nothing_is_added() -> None:
    traces = open_traces(Settings(traces="off"))

    assert type(traces) is Traces
    with traces.batch("posts", 3, [], Tally()) as trace:
        records = [Outgoing("mentions", 0, b"k", b"v")]
        assert trace.signed(records) is records


def test_without_its_extra_the_setting_is_refused_with_the_extras_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Python's way to say that there is no such module.
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    monkeypatch.delitem(sys.modules, "sandik.telemetry.otlp")
    with pytest.raises(UsageError, match=r"SANDIK_TRACES=otlp .*pip install 'sandik\[otel\]'"):
        open_traces(Settings(traces="otlp"))


def test_a_wrong_variable_of_opentelemetry_s_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_BSP_MAX_QUEUE_SIZE", "0")
    with pytest.raises(UsageError, match=r"OTEL_ variable is wrong: max_queue_size"):
        open_traces(Settings(traces="otlp"))


def test_a_collector_that_does_not_answer_does_not_keep_a_worker_from_ending(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answers, is_closed = Event(), Event()

    class Stuck(InMemorySpanExporter):
        def export(self, spans: object) -> SpanExportResult:  # noqa: ARG002
            answers.wait()
            return SpanExportResult.SUCCESS

        def shutdown(self) -> None:
            is_closed.set()

    monkeypatch.setattr("sandik.telemetry.otlp.CLOSING_S", 0.05)
    traces = OtlpTraces(SystemClock(), Stuck())
    one_batch(traces)
    traces.close()

    assert not is_closed.is_set()  # OpenTelemetry itself waits for half a minute
    answers.set()
