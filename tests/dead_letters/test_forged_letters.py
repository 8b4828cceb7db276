"""Redrive believes no header that a producer may have written, and looks at no more than it needs."""

import asyncio
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import pytest
from aiokafka import AIOKafkaProducer, ConsumerRecord
from faust.types import TP

from sandik.broker import EmbeddedKafka
from sandik.counting.decode import Reason, Rejected
from sandik.counting.fold import Late
from sandik.dead_letters import reading
from sandik.dead_letters.reading import Wanted, last_letters, one_letter
from sandik.kafka import ranges
from sandik.kafka.dead_letter import dead_letter, late_post
from sandik.kafka.ranges import Slice, read_slice
from sandik.kafka.topics import all_topics, create
from sandik.settings import Settings
from tests.support.command import sandik
from tests.support.kafka import read_topic
from tests.support.workers import environment, quick_settings

pytestmark = [pytest.mark.broker, pytest.mark.timeout(400)]

Headers = list[tuple[str, bytes]]


class Written(NamedTuple):
    """A record to write. `topic` without the prefix."""

    topic: str
    value: bytes | None
    headers: Sequence[tuple[str, bytes]] = ()
    partition: int = 0
    key: bytes | None = b"k"


class Log:
    """The topics of an installation without workers: what they would write is written here."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    async def write(self, *records: Written) -> list[int]:
        """Write the records; return their offsets."""
        async with AIOKafkaProducer(bootstrap_servers=self.settings.broker, acks="all") as producer:
            return [
                (
                    await producer.send_and_wait(
                        self.settings.topic(one.topic), one.value, one.key, one.partition, headers=one.headers
                    )
                ).offset
                for one in records
            ]

    async def reject(self, *records: Written) -> list[int]:
        """Write posts and the letters that a worker makes of them; return the offsets of the posts."""
        offsets = await self.write(*records)
        await self.write(*(self._letter(one, at) for one, at in zip(records, offsets, strict=True)))
        return offsets

    def _letter(self, post: Written, offset: int) -> Written:
        source = TP(self.settings.topic("posts"), post.partition)
        record = ConsumerRecord(
            source.topic, post.partition, offset, 1, 0, post.key, post.value, None, 1, 1, tuple(post.headers)
        )
        letter = dead_letter("", source, record, Rejected(Reason.NOT_JSON, "why"))
        headers = [(name, value or b"") for name, value in letter.headers or ()]
        return Written("posts.dlq", letter.value, headers, post.partition, letter.key)

    def redrive(self, *arguments: str, expected: int = 0) -> dict[str, Any]:
        """Return what redrive says of the letters, after the limit of two attempts."""
        [told] = self.run("dlq", "redrive", "--max-attempts", "2", "--json", *arguments, expected=expected)
        return {name: count for name, count in told.items() if name not in ("target", "dry_run")}

    def run(self, *arguments: str, expected: int = 0) -> list[dict[str, Any]]:
        done = sandik(*arguments, environment=environment(self.settings))
        assert done.returncode == expected, done.stderr
        assert b"Traceback" not in done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    async def posts(self) -> list[ConsumerRecord[bytes | None, bytes | None]]:
        return await read_topic(self.settings.broker, self.settings.topic("posts"))


@pytest.fixture
def log(kafka: EmbeddedKafka) -> Log:
    found = Log(quick_settings(kafka.bootstrap_servers))
    asyncio.run(create(found.settings, all_topics(found.settings)))
    return found


def copy_of(log: Log, offset: int, attempts: bytes = b"1", partition: int = 0) -> Headers:
    """The headers of what redrive puts back."""
    origin = f"{log.settings.topic('posts')}/{partition}/{offset}".encode()
    return [("redrive_attempts", attempts), ("redriven_from", origin)]


async def test_a_record_that_only_claims_to_be_a_copy_hides_no_letter(log: Log) -> None:
    [first, second] = await log.reject(Written("posts", b"one"), Written("posts", b"two"))
    await log.write(
        Written("posts", b"an honest post", copy_of(log, first)),
        Written("posts", b"one", copy_of(log, first), key=b"another key"),
        Written("posts", b"one", copy_of(log, first), partition=1),  # where no window knows its id
        Written("posts", b"one", [*copy_of(log, second), *copy_of(log, first)]),
        Written("posts", b"one", copy_of(log, second)),
        Written("posts", b"two", [("redriven_from", b"posts"), ("redrive_attempts", b"1")]),
    )

    assert await asyncio.to_thread(log.redrive) == {"redriven": 2}
    assert await asyncio.to_thread(log.redrive) == {"already_redriven": 2}
    there = [one for one in await log.posts() if one.headers == tuple(copy_of(log, first))]
    assert [(one.partition, one.key, one.value) for one in there][-1:] == [(1, b"k", b"one")]


@pytest.mark.parametrize(
    "headers",
    [
        [("redrive_attempts", b"x")],
        [("redrive_attempts", b"-1")],
        [("redrive_attempts", b"9" * 5_000)],
        [("redrive_attempts", b"99"), ("redriven_from", b"PREFIXposts/0/0")],
        [("redrive_attempts", b"99"), ("redriven_from", b"PREFIXposts/0/1")],
        [("redrive_attempts", b"99"), ("redriven_from", b"PREFIXposts/-1/99999999999999999999")],
        [("original_topic", b"counts"), ("original_partition", b"-5"), ("original_offset", b"x")],
        [("left_out_bytes", b"1"), ("reason", b"mine"), ("lateness_ms", b"1")],
    ],
)
async def test_a_letter_is_put_back_whatever_headers_its_record_came_with(log: Log, headers: Headers) -> None:
    prefix = log.settings.topic_prefix.encode()
    named = [(name, value.replace(b"PREFIX", prefix)) for name, value in headers]
    await log.write(Written("posts", b"an honest post"))
    await log.reject(Written("posts", b"bad", named))

    [listed] = await asyncio.to_thread(log.run, "dlq", "list", "--json")
    assert (listed["reason"], listed["origin"]) == ("not_json", f"{prefix.decode()}posts/0/1")
    assert await asyncio.to_thread(log.redrive) == {"redriven": 1}
    assert await asyncio.to_thread(log.redrive) == {"already_redriven": 1}
    [_, _, copy] = await log.posts()
    assert (copy.partition, copy.key, copy.value) == (0, b"k", b"bad")
    assert copy.headers == tuple(copy_of(log, 1))


async def test_attempts_are_counted_in_posts_and_not_believed(log: Log) -> None:
    """Each copy of a copy is one, whoever wrote it, until there are too many; and that is said."""
    [first] = await log.reject(Written("posts", b"bad"))
    [second] = await log.reject(Written("posts", b"bad", copy_of(log, first, b"99")))
    assert await asyncio.to_thread(log.redrive) == {"already_redriven": 1, "redriven": 1}
    [*_, copy] = await log.posts()
    assert copy.headers == tuple(copy_of(log, second, b"2"))

    [third] = await log.reject(Written("posts", b"bad", copy_of(log, second, b"0")))
    told = await asyncio.to_thread(log.redrive, expected=1)
    assert told == {"already_redriven": 2, "tried_too_often": 1}
    more = await asyncio.to_thread(log.redrive, "--max-attempts", "3")
    assert more == {"already_redriven": 2, "redriven": 1}
    [*_, copy] = await log.posts()
    assert copy.headers == tuple(copy_of(log, third, b"3"))


async def test_what_no_worker_wrote_is_told_and_put_nowhere(log: Log) -> None:
    [first] = await log.reject(Written("posts", b"bad", partition=2))
    forged = [
        ("original_topic", log.settings.topic("posts").encode()),
        ("original_partition", b"2"),
        ("original_offset", str(first).encode()),
        ("reason", b"not_json"),
    ]
    await log.write(
        Written("posts.dlq", b"no headers"),
        *(
            Written("posts.dlq", b"forged", [*forged, (name, value)])
            for name, value in [
                ("original_partition", b"-5"),
                ("original_partition", b"99"),
                ("original_offset", b"9" * 40),
                ("original_topic", b"mentions"),
            ]
        ),
        Written("posts.dlq", b"of another partition", forged),
        # Nobody can tell this one: who may write posts.dlq is trusted as a worker is. It hides no other.
        Written("posts.dlq", b"forged", forged, partition=2),
    )
    done = await asyncio.to_thread(log.redrive)
    assert done == {"redriven": 2, "not_written_by_a_worker": 6}
    assert {b"bad", b"forged"} == {one.value for one in (await log.posts())[-2:]}


async def test_late_posts_are_known_as_such_whatever_their_headers(log: Log) -> None:
    source = TP(log.settings.topic("posts"), 1)
    record = ConsumerRecord(
        source.topic, 1, 7, 1, 0, b"k", b"v", None, 1, 1, (("reason", b"mine"), ("left_out_bytes", b"1"))
    )
    letter = late_post("", source, record, Late(7, 1, 0, 60_001), 60_000)
    await log.write(Written("posts.late", b"v", [(n, v or b"") for n, v in letter.headers or ()], 1))

    [listed] = await asyncio.to_thread(log.run, "late", "list", "--reason", "late", "--json")
    assert (listed["reason"], listed["origin"].rpartition("posts")[2]) == ("late", "/1/7")


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[Slice]:
    """Which slices of topics are read."""
    slices: list[Slice] = []

    def noted(consumer: Any, tp: Any, start: int, end: int, *more: int) -> Any:
        slices.append(Slice(tp.partition, start, end))
        return read_slice(consumer, tp, start, end, *more)

    for module in (reading, ranges):
        monkeypatch.setattr(module, "read_slice", noted)
    return slices


def bad(numbers: Iterable[int], partition: int = 0) -> Sequence[Written]:
    return [Written("posts", b"bad %d" % number, partition=partition) for number in numbers]


async def test_one_letter_is_read_alone(log: Log, read: list[Slice]) -> None:
    await log.reject(*bad(range(50)))
    letter = await one_letter(log.settings, log.settings.topic("posts.dlq"), "0:40")

    assert (letter.value, read) == (b"bad 40", [Slice(0, 40, 41)])
    for place, says in (("0:50", "no record"), ("9999:0", "no record"), ("-1:0", "write"), ("0:²", "write")):
        done = await asyncio.to_thread(
            sandik, "dlq", "show", "--", place, environment=environment(log.settings)
        )
        assert (done.returncode, says in done.stderr.decode()) == (2, True), done.stderr
    shown = await asyncio.to_thread(sandik, "dlq", "show", "0:40", environment=environment(log.settings))
    assert (shown.returncode, shown.stderr, b"bad 40" in shown.stdout) == (0, b"", True)


async def test_the_last_letters_are_read_from_the_ends(log: Log, read: list[Slice]) -> None:
    for start in (0, 40):
        for partition in (0, 1):
            await log.reject(*bad(range(start, start + 40), partition))
    topic = log.settings.topic("posts.dlq")
    found = await last_letters(log.settings, topic, Wanted(), Counter(), 3)

    assert [one.value for one in found] == [b"bad 77", b"bad 78", b"bad 79"]
    assert {one.partition for one in found} == {1}
    assert sum(one.end - one.start for one in read) == 6
    listed = await asyncio.to_thread(log.run, "dlq", "list", "--last", "2", "--json")
    assert [one["value"] for one in listed] == ["bad 78", "bad 79"]
    none = await asyncio.to_thread(log.run, "dlq", "list", "--last", "2", "--reason", "no_value", "--json")
    assert none == []
    both = await asyncio.to_thread(log.run, "dlq", "list", "--last", "2", "--limit", "1", expected=2)
    assert both == []
