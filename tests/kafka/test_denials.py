"""A user that Kafka does not let do something is told what it lacks, not to make topics that are there."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandik.kafka.topics import all_topics, create
from sandik.settings import Settings
from tests.support.command import sandik, succeed
from tests.support.scene import some_posts
from tests.support.strict_kafka import OPERATIONS, Right, StrictKafka, strict_kafka

pytestmark = [pytest.mark.broker, pytest.mark.timeout(300)]

#: What each user may do to every topic; nobody may join a group but the reader.
USERS = {
    "stranger": [],
    "onlooker": ["Describe"],
    "reader": ["Describe", "DescribeConfigs", "Read"],
    "loner": list(OPERATIONS),
}
COMMANDS = {
    "ingest": ["ingest", "--format", "jsonl", "-"],
    "counts": ["counts", "--once"],
    "worker": ["worker"],
    "topics": ["topics", "create"],
    "export": ["export", "posts", "posts.jsonl"],
    "replay": ["replay", "--out", "counts.jsonl"],
    "list": ["dlq", "list"],
    "doctor": ["doctor"],
}


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StrictKafka]:
    with strict_kafka(tmp_path_factory.mktemp("strict"), USERS) as strict:
        asyncio.run(prepare(strict))
        yield strict


async def prepare(strict: StrictKafka) -> None:
    settings = Settings(broker=strict.kafka.bootstrap_servers, partitions=2)
    await create(settings, all_topics(settings))
    rights = [
        Right(user, "topic", "*", "literal", operation)
        for user, operations in USERS.items()
        for operation in operations
    ]
    await strict.allow([*rights, Right("reader", "group", "*", "literal", "Read")])
    lines = b"".join(value + b"\n" for _, value in some_posts(20))
    succeed(*COMMANDS["ingest"], stdin=lines, environment={"SANDIK_BROKER": settings.broker})


def said(strict: StrictKafka, user: str, command: str, folder: Path) -> str:
    """Return what the command says to a user who may not do it."""
    own = {"SANDIK_PARTITIONS": "2", "SANDIK_DATA_DIR": str(folder / "data")}
    arguments = [str(folder / word) if word.endswith(".jsonl") else word for word in COMMANDS[command]]
    line = next(value for _, value in some_posts(1)) + b"\n"
    done = sandik(*arguments, stdin=line, environment={**strict.login(user), **own})
    text = (done.stderr + done.stdout).decode()
    assert done.returncode == 1, text
    assert "Traceback" not in text
    return text


@pytest.mark.parametrize("command", [name for name in COMMANDS if name != "topics"])
def test_topics_that_a_user_may_not_see_are_not_said_to_be_missing(
    strict: StrictKafka, tmp_path: Path, command: str
) -> None:
    text = said(strict, "stranger", command, tmp_path)

    assert "grant the right to " in text
    assert "topics create" not in text


@pytest.mark.parametrize(
    ("user", "command", "right"),
    [
        ("onlooker", "ingest", "Write"),
        ("onlooker", "export", "Read"),
        ("onlooker", "replay", "Read"),
        ("onlooker", "worker", "Read"),
        ("reader", "ingest", "Write"),
        ("reader", "worker", "Write"),
        ("reader", "topics", "Create"),
        ("loner", "worker", "Read the consumer group"),
    ],
)
def test_the_right_that_is_missing_is_named(
    strict: StrictKafka, tmp_path: Path, user: str, command: str, right: str
) -> None:
    text = said(strict, user, command, tmp_path)

    [words] = [line for line in text.splitlines() if "denies the request to this user" in line]
    assert right in words.partition("grant the right to ")[2]


def test_doctor_says_what_it_may_not_look_at(strict: StrictKafka, tmp_path: Path) -> None:
    hidden = said(strict, "stranger", "doctor", tmp_path)
    unread = said(strict, "onlooker", "doctor", tmp_path)

    assert "topic posts: this user has no right to see it" in hidden
    assert "topic posts: its settings are hidden" in unread
    assert "denies the request to this user" in unread
