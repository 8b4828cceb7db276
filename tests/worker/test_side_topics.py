"""What a worker writes beside the counts: each record where the design says, as it came, with a reason."""

import asyncio
import re
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest
from aiokafka import AIOKafkaProducer, ConsumerRecord

from sandik import __version__
from sandik.broker import EmbeddedKafka
from sandik.clock import SystemClock
from sandik.counting.decode import MAX_DETAIL_CHARACTERS
from sandik.counting.language import Language
from sandik.kafka.topics import all_topics, create
from sandik.run_identity import load_job
from sandik.settings import Settings
from sandik_schemas.count import Count
from sandik_schemas.mention import Mention
from sandik_schemas.partial import begin_key
from tests.contracts.test_schemas import validate
from tests.support.command import refused, succeed
from tests.support.kafka import create_topic, produce, read_topic
from tests.support.workers import Workers, counting, environment, quick_settings

pytestmark = pytest.mark.broker

BASE_MS = 1_683_800_040_000  # 2023-05-11T10:14:00Z
MINUTE_MS = 60_000
#: A producer may say what it likes: Kafka stamps the posts.
CLAIMED_MS = BASE_MS + 25 * MINUTE_MS
TOMORROW_MS = SystemClock().now_ms() + 24 * 60 * MINUTE_MS
PARTITION = 2
ELECTION = "Seçimde sandığa sahip çıkalım, oyumuza sahip çıkalım"
BOTH = "Bu seçim öncesi deepfake videolar yayılıyor, dikkat edin arkadaşlar"
NEITHER = "Bugün hava çok güzel, arkadaşlarla sahilde yürüyüşe çıktık"


class Sent(NamedTuple):
    """A record of `posts`, and what is to become of it."""

    key: bytes | None
    value: bytes | None
    fate: str


def a_post(post_id: str, after_ms: int, text: str, fate: str = "counted") -> Sent:
    # Spaces and an unknown field, so that a copy made by decoding and encoding again would show.
    value = {"id": post_id, "source": "t", "created_at_ms": BASE_MS + after_ms, "text": text, "mine": [1]}
    return Sent(post_id.encode(), msgspec.json.format(msgspec.json.encode(value), indent=1), fate)


#: In this order in one partition. The watermark reaches 10:34, so windows up to 10:24 are settled.
LOG = [
    a_post("t:1", 0, NEITHER),
    Sent(b"\xff\x00", b"{'single': quotes}", "not_json"),
    Sent(b"t:cut", b'{"id": "t:cut", "sou', "not_json"),
    Sent(b"t:2", b'{"id": "t:2", "text": "\xd0"}', "not_json"),
    Sent(None, b'{"id":"t:3","source":"t","created_at_ms":"%s","text":""}' % (b"9" * 999), "not_a_post"),
    Sent(b"t:4", None, "no_value"),
    Sent(b"t:5", b'{"id":"t:5","source":"t","created_at_ms":1683800040,"text":""}', "created_at_too_early"),
    a_post("t:6", TOMORROW_MS - BASE_MS, BOTH, "created_at_ahead"),
    a_post("t:7", 1_000, BOTH),
    a_post("t:8", 20 * MINUTE_MS + 30_000, ELECTION),
    a_post("t:9", 10 * MINUTE_MS, NEITHER),  # its window is final, but not yet settled
    a_post("t:10", 59_999, BOTH, "late"),
    a_post("t:11", 10 * MINUTE_MS + 59_999, NEITHER),
    a_post("t:12", 10 * MINUTE_MS - 1, NEITHER, "late"),
]


class Outcome(NamedTuple):
    """All topics when the worker is done."""

    settings: Settings
    posts: list[ConsumerRecord[bytes | None, bytes | None]]
    topics: dict[str, list[ConsumerRecord[bytes | None, bytes | None]]]

    def fate(self, fate: str) -> list[ConsumerRecord[bytes | None, bytes | None]]:
        return [record for record, sent in zip(self.posts, LOG, strict=True) if sent.fate == fate]

    def cells(self) -> dict[bytes, Count]:
        """The last record of each key, as a compacted topic keeps it."""
        return {
            record.key or b"": msgspec.json.decode(record.value or b"", type=Count)
            for record in self.topics["counts"]
        }


@pytest.fixture(scope="module")
def outcome(kafka: EmbeddedKafka, tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    settings = quick_settings(kafka.bootstrap_servers)
    return asyncio.run(run(settings, tmp_path_factory.mktemp("worker")))


async def run(settings: Settings, log_dir: Path) -> Outcome:
    await create(settings, all_topics(settings))
    await write(settings)
    names = [spec.name for spec in all_topics(settings)]
    async with counting(settings, log_dir) as (workers, follower):
        worker = workers.start()
        good = sum(sent.fate in ("counted", "late") for sent in LOG)

        async def is_done() -> bool:
            return await follower.has(good) and any(count.is_final for count in follower.latest.values())

        await workers.until(is_done, 60, "all posts are counted and the watermark has passed a window")
        assert workers.terminate(worker) == 0
    prefix = settings.topic_prefix
    read = {name.removeprefix(prefix): await read_topic(settings.broker, name) for name in names}
    return Outcome(settings, read.pop("posts"), read)


async def write(settings: Settings) -> None:
    async with AIOKafkaProducer(bootstrap_servers=settings.broker) as producer:
        for number, (key, value, _) in enumerate(LOG):
            headers = [("trace", str(number).encode()), ("nothing", None)]
            await producer.send_and_wait(
                settings.topic("posts"), value, key, PARTITION, CLAIMED_MS, headers=headers
            )


def headers_of(record: ConsumerRecord[bytes | None, bytes | None]) -> dict[str, str]:
    return {name: "" if value is None else value.decode() for name, value in record.headers}


def value_of(record: ConsumerRecord[bytes | None, bytes | None]) -> Any:
    assert record.value is not None
    return msgspec.json.decode(record.value)


def in_order(
    records: list[ConsumerRecord[bytes | None, bytes | None]],
) -> list[ConsumerRecord[bytes | None, bytes | None]]:
    return sorted(records, key=lambda record: int(headers_of(record)["original_offset"]))


def test_every_record_is_counted_or_late_or_rejected(outcome: Outcome) -> None:
    counted = sum(count.count for count in outcome.cells().values() if count.tag == "all")
    late = sum(count.late_count for count in outcome.cells().values() if count.tag == "all")

    assert counted == len(outcome.fate("counted"))
    assert late == len(outcome.fate("late")) == len(outcome.topics["posts.late"])
    assert counted + late + len(outcome.topics["posts.dlq"]) == len(outcome.posts)


def test_a_post_that_is_too_late_is_kept_as_it_came_with_how_late_it_is(outcome: Outcome) -> None:
    late = in_order(outcome.topics["posts.late"])

    assert [(one.key, one.value) for one in late] == [(one.key, one.value) for one in outcome.fate("late")]
    watermark = "2023-05-11T10:34:00Z"
    assert [headers_of(one) for one in late] == [
        {
            "trace": str(original.offset),
            "nothing": "",
            "original_topic": original.topic,
            "original_partition": str(PARTITION),
            "original_offset": str(original.offset),
            "original_timestamp_ms": str(original.timestamp),
            "version": __version__,
            "lateness_ms": lateness_ms,
            "window": window,
            "watermark": watermark,
        }
        for original, window, lateness_ms in zip(
            outcome.fate("late"),
            ["2023-05-11T10:14:00Z/2023-05-11T10:15:00Z", "2023-05-11T10:23:00Z/2023-05-11T10:24:00Z"],
            ["1140000", "600000"],
            strict=True,
        )
    ]
    for one in late:
        validate("late", value_of(one))


def test_a_post_that_is_late_but_not_too_late_is_counted_in_its_window(outcome: Outcome) -> None:
    cell = outcome.cells()[f"{BASE_MS + 10 * MINUTE_MS}|{MINUTE_MS}|tr|all".encode()]

    assert (cell.count, cell.late_count, cell.is_final) == (2, 0, True)


def test_late_posts_show_in_the_window_that_their_partition_was_in(outcome: Outcome) -> None:
    late = {key: count.late_count for key, count in outcome.cells().items() if count.late_count}
    newest = f"{BASE_MS + 20 * MINUTE_MS}|{MINUTE_MS}|tr"

    assert late == {
        f"{newest}|all".encode(): 2,
        f"{newest}|election".encode(): 1,
        f"{newest}|deepfake".encode(): 1,
        f"{newest}|both".encode(): 1,
    }


def test_a_letter_from_a_post_whose_header_has_no_value_can_be_listed(outcome: Outcome) -> None:
    done = succeed("late", "list", "--json", environment=environment(outcome.settings))

    assert [msgspec.json.decode(line)["headers"]["nothing"] for line in done.stdout.splitlines()] == [""] * 2


def test_what_is_no_post_is_kept_as_it_came_with_the_reason(outcome: Outcome) -> None:
    letters = in_order(outcome.topics["posts.dlq"])
    originals = [
        (record, sent)
        for record, sent in zip(outcome.posts, LOG, strict=True)
        if sent.fate not in ("counted", "late")
    ]

    assert [(one.key, one.value) for one in letters] == [(sent.key, sent.value) for _, sent in originals]
    for letter, (original, sent) in zip(letters, originals, strict=True):
        headers = headers_of(letter)
        detail = headers.pop("detail")
        assert 0 < len(detail) <= MAX_DETAIL_CHARACTERS
        assert headers == {
            "trace": str(original.offset),
            "nothing": "",
            "reason": sent.fate,
            "stage": "decode",
            "original_topic": original.topic,
            "original_partition": str(PARTITION),
            "original_offset": str(original.offset),
            "original_timestamp_ms": str(original.timestamp),
            "version": __version__,
            "__connect.errors.topic": original.topic,
            "__connect.errors.partition": str(PARTITION),
            "__connect.errors.offset": str(original.offset),
            "__connect.errors.stage": "decode",
            "__connect.errors.exception.class.name": sent.fate,
            "__connect.errors.exception.message": detail,
        }


def test_every_post_with_a_tag_that_is_counted_is_mentioned_and_no_other(outcome: Outcome) -> None:
    mentions = {record.key: value_of(record) for record in outcome.topics["mentions"]}
    job = load_job(outcome.settings)
    at = {record.key: record for record in outcome.posts}

    assert {key: one["tags"] for key, one in mentions.items()} == {
        b"t:7": ["deepfake", "election"],
        b"t:8": ["election"],
    }
    for key, one in mentions.items():
        validate("mention", one)
        mention = msgspec.convert(one, Mention)
        post = value_of(at[key])
        [annotation] = job.annotate([post["text"]])
        assert mention.id.encode() == key
        assert mention.created_at_ms == post["created_at_ms"]
        assert Language(mention.language, mention.language_confidence) == annotation.language
        assert mention.terms == annotation.terms
        assert (mention.lexicon_version, mention.detector_version) == (
            job.tagger.version,
            job.detector.version,
        )
        assert (mention.source_partition, mention.source_offset) == (PARTITION, at[key].offset)


def test_a_count_has_its_key_and_its_windows_start_for_a_timestamp(outcome: Outcome) -> None:
    for record in outcome.topics["counts"]:
        count = value_of(record)
        validate("count", count)
        size_ms = count["window_end_ms"] - count["window_start_ms"]
        key = f"{count['window_start_ms']}|{size_ms}|{count['language']}|{count['tag']}"
        assert record.key == key.encode()
        assert record.timestamp == count["window_start_ms"]
        assert size_ms == outcome.settings.window_size_ms


def test_partials_are_valid_and_keyed_by_run_partition_and_window(outcome: Outcome) -> None:
    run_id = load_job(outcome.settings).run_id
    kinds: Counter[str] = Counter()
    for record in outcome.topics["partials"]:
        if record.value is None:
            assert re.fullmatch(rf"{run_id}\|{PARTITION}\|\d+", (record.key or b"").decode())
            continue
        partial = value_of(record)
        validate("partial", partial)
        kinds[partial["kind"]] += 1
        if record.key == begin_key(run_id):
            assert partial == {
                "kind": "watermark",
                "run_id": run_id,
                "watermark_ms": None,
                "settled_ms": None,
            }
            continue
        key = {
            "window": f"{run_id}|{partial.get('partition')}|{partial.get('window_start_ms')}",
            "clock": f"{run_id}|{partial.get('partition')}|clock",
            "watermark": f"{run_id}|watermark",
        }[partial["kind"]]
        assert record.key == key.encode()

    assert kinds.keys() == {"window", "clock", "watermark"}


async def test_mentions_in_fewer_partitions_go_round(worker_settings: Settings, tmp_path: Path) -> None:
    settings = worker_settings
    mentions = settings.topic("mentions")
    await create(settings, [spec for spec in all_topics(settings) if spec.name != mentions])
    await create_topic(settings.broker, mentions, 2)
    last = settings.partitions - 1
    sent = a_post("t:1", 0, BOTH)
    await produce(settings.broker, settings.topic("posts"), [(sent.key, sent.value, last, None)])
    with Workers(environment(settings), tmp_path) as workers:
        worker = workers.start()

        async def is_there() -> bool:
            return [last % 2] == [one.partition for one in await read_topic(settings.broker, mentions)]

        await workers.until(is_there, 60, "the mention is there")
        assert workers.terminate(worker) == 0


def test_a_worker_without_topics_ends_and_says_how_to_make_them(
    worker_settings: Settings, tmp_path: Path
) -> None:
    done = refused(
        "worker",
        environment={**environment(worker_settings), "SANDIK_DATA_DIR": str(tmp_path)},
        says=f"no topic {worker_settings.topic('posts')}",
        code=1,
    )
    assert b"run `sandik topics create`" in done.stderr
    assert b"Traceback" not in done.stderr
