"""A real worker on a real Kafka, its traces sent to a collector; and one that has none to send."""

import asyncio
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest
from aiokafka import AIOKafkaProducer, ConsumerRecord
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from sandik.broker import EmbeddedKafka
from sandik.kafka.topics import MENTIONS, POSTS, POSTS_DLQ, POSTS_LATE
from sandik.settings import Settings
from tests.support.collector import Collector, attributes
from tests.support.kafka import read_topic
from tests.support.lexicons import SMALL
from tests.support.scene import BASE_MS, TEXTS, Scene
from tests.support.workers import Workers, count_all, environment, quick_settings

pytestmark = [pytest.mark.broker, pytest.mark.timeout(300)]

PARTITION = 2
MINUTE_MS = 60_000
#: In texts and authors; no trace may hold it.
PRIVATE = "qzxprivateqzx"
STEPS = ["decode", "language", "tags", "fold", "aside", "state"]

Records = list[ConsumerRecord[bytes | None, bytes | None]]


class Place(NamedTuple):
    """Where in which trace something is: what a `traceparent` says."""

    trace_id: str
    span_id: str


def of(trace: str) -> Place:
    return Place(trace * 32, trace * 16)


def traceparent(place: Place) -> bytes:
    return f"00-{place.trace_id}-{place.span_id}-01".encode()


def a_post(post_id: str, created_at_ms: int) -> bytes:
    return msgspec.json.encode(
        {
            "id": f"{PRIVATE}:{post_id}",
            "source": "t",
            "created_at_ms": created_at_ms,
            "author_id": PRIVATE,
            "text": f"{TEXTS[0]} {PRIVATE}",
        }
    )


#: Value, and the trace that its record is of.
LOG = [
    (a_post("traced", BASE_MS), "a"),
    (a_post("plain", BASE_MS), None),
    (PRIVATE.encode(), "b"),
    (PRIVATE.encode(), None),
    (a_post("newer", BASE_MS + 30 * MINUTE_MS), "a"),
    (a_post("late-traced", BASE_MS), "c"),
    (a_post("late", BASE_MS), None),
]


class Outcome(NamedTuple):
    """What the collector got, and what is in the topics."""

    collector: Collector
    topics: dict[str, Records]

    def named(self, name: str) -> list[Span]:
        return [span for span in self.collector.spans if span.name.split(" ")[0] == name]

    def batch_of(self, offset: int) -> Span:
        """Return the span of the batch that held this post."""
        [found] = [
            span
            for span in self.named("process")
            if int(attributes(span)["sandik.offset.first"]) <= offset
            and offset <= int(attributes(span)["sandik.offset.last"])
        ]
        return found


@pytest.fixture(scope="module")
def outcome(kafka: EmbeddedKafka, tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    return asyncio.run(run(quick_settings(kafka.bootstrap_servers), tmp_path_factory.mktemp("worker")))


async def run(settings: Settings, log_dir: Path) -> Outcome:
    await Scene.made(settings)
    await write(settings)
    async with Collector() as collector:
        with Workers({**environment(settings), **collector.environment}, log_dir) as workers:
            worker = workers.start()
            await count_all(settings, workers, 5)  # the late ones as such
            assert await asyncio.to_thread(workers.terminate, worker) == 0
    names = MENTIONS, POSTS_LATE, POSTS_DLQ
    topics = {name: await read_topic(settings.broker, settings.topic(name)) for name in names}
    return Outcome(collector, topics)


async def write(settings: Settings) -> None:
    async with AIOKafkaProducer(bootstrap_servers=settings.broker) as producer:
        for value, trace in LOG:
            headers = [] if trace is None else [("traceparent", traceparent(of(trace)))]
            await producer.send_and_wait(settings.topic(POSTS), value, b"k", PARTITION, headers=headers)


def signatures(records: Records) -> list[Place]:
    """Return what the one `traceparent` of each record says."""
    found = []
    for record in records:
        [one] = [value for name, value in record.headers if name == "traceparent"]
        _, trace_id, span_id, _ = one.decode().split("-")
        found.append(Place(trace_id, span_id))
    return found


def place_of(span: Span) -> Place:
    return Place(span.trace_id.hex(), span.span_id.hex())


def test_the_traces_of_posts_are_linked_by_the_spans_of_their_batches(outcome: Outcome) -> None:
    for offset, (_, trace) in enumerate(LOG):
        linked = [link.trace_id.hex() for link in outcome.batch_of(offset).links]
        assert trace is None or linked.count(trace * 32) == 1
    assert {link.trace_id.hex()[0] for span in outcome.named("process") for link in span.links} == set("abc")


def test_what_a_batch_writes_is_of_its_trace_or_of_the_one_it_came_with(outcome: Outcome) -> None:
    mentions = {
        msgspec.json.decode(one.value or b"")["source_offset"]: one for one in outcome.topics[MENTIONS]
    }

    assert signatures([mentions[0], mentions[1], mentions[4]]) == [
        place_of(outcome.batch_of(offset)) for offset in (0, 1, 4)
    ]
    assert signatures(outcome.topics[POSTS_DLQ]) == [of("b"), place_of(outcome.batch_of(3))]
    assert signatures(outcome.topics[POSTS_LATE]) == [of("c"), place_of(outcome.batch_of(6))]


def test_the_spans_of_batches_say_what_became_of_the_posts(outcome: Outcome) -> None:
    batches = outcome.named("process")
    found = [attributes(span) for span in batches]

    def total(name: str) -> int:
        return sum(int(one[name]) for one in found)

    assert {name: total(f"sandik.{name}") for name in ("counted", "late", "rejected", "mentions")} == {
        "counted": 3,
        "late": 2,
        "rejected": 2,
        "mentions": 3,
    }
    assert total("messaging.batch.message_count") == len(LOG)
    assert {span.kind for span in batches} == {Span.SPAN_KIND_CONSUMER}
    for span, one in zip(batches, found, strict=True):
        topic = one["messaging.destination.name"]
        assert span.name == f"process {topic}"
        assert str(topic).endswith("posts")
        assert (one["messaging.system"], one["messaging.destination.partition.id"]) == (
            "kafka",
            str(PARTITION),
        )
        steps = [child for child in outcome.collector.spans if child.parent_span_id == span.span_id]
        assert sorted(child.name for child in steps) == sorted(STEPS)
        assert {child.trace_id for child in steps} == {span.trace_id}


def test_writing_counts_has_spans_of_its_own(outcome: Outcome) -> None:
    spans = outcome.named("publish")

    assert spans
    assert {span.kind for span in spans} == {Span.SPAN_KIND_PRODUCER}
    assert all(str(attributes(span)["messaging.destination.name"]).endswith("counts") for span in spans)
    assert all(int(attributes(span)["messaging.batch.message_count"]) > 0 for span in spans)
    assert outcome.collector.services == {"sandik"}


def test_no_trace_holds_anything_of_a_post(outcome: Outcome) -> None:
    assert outcome.collector.bodies
    assert not [body for body in outcome.collector.bodies if PRIVATE.encode() in body]


async def test_without_the_setting_nothing_of_opentelemetry_is_imported_or_written(
    worker_settings: Settings, tmp_path: Path
) -> None:
    await Scene.made(worker_settings)
    await write(worker_settings)
    with Workers(environment(worker_settings), tmp_path) as workers:
        workers.environment["PYTHONPROFILEIMPORTTIME"] = "1"  # Python logs every import
        workers.environment["SANDIK_LEXICON"] = str(SMALL)  # loads in no time
        worker = workers.start()
        await count_all(worker_settings, workers, 5)
        assert await asyncio.to_thread(workers.terminate, worker) == 0
        log = workers.log(worker)

    assert "sandik.telemetry.traces" in log
    assert "opentelemetry" not in log
    mentions = await read_topic(worker_settings.broker, worker_settings.topic(MENTIONS))
    assert [record.headers for record in mentions] == [()] * 3
