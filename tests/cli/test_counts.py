"""`sandik counts`: what the topic `counts` holds, as JSON lines or as a table, now or as it grows."""

import asyncio
import json
import os
import pty
import re
import signal
import subprocess
from collections.abc import Iterable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import msgspec
import pytest

from sandik.broker import EmbeddedKafka
from sandik.cli.counts_query import Filter, Seen
from sandik.errors import UsageError
from sandik.kafka.topics import all_topics, create
from sandik.settings import Settings
from sandik_schemas.count import Count
from tests.dashboard import builders
from tests.support.command import refused, sandik, start_sandik, succeed
from tests.support.kafka import create_topic, produce, topic_names
from tests.support.workers import environment

pytestmark = pytest.mark.broker

BASE_MS = 1_683_799_980_000  # 2023-05-11T10:13:00Z
MINUTE_MS = 60_000
COLOUR = re.compile(r"\x1b\[[\d;]*[34]\d[\d;]*m")


def a_count(tag: str = "all", language: str = "tr", *, minute: int = 0, **values: Any) -> Count:
    """Return a count of the window that starts so many minutes after BASE_MS."""
    return builders.a_count(tag, language, minute=13 + minute, **values)


async def write(settings: Settings, counts: Iterable[Count], topic: str = "counts") -> None:
    records = [(count.key, msgspec.json.encode(count), None, count.window_start_ms) for count in counts]
    await produce(settings.broker, settings.topic(topic), records)


@pytest.fixture
async def settings(worker_settings: Settings) -> Settings:
    await create(worker_settings, all_topics(worker_settings))
    return worker_settings


def run(settings: Settings, *options: str, **variables: str) -> "subprocess.CompletedProcess[bytes]":
    return succeed("counts", "--once", *options, environment={**environment(settings), **variables})


def json_counts(settings: Settings, *options: str) -> list[Count]:
    lines = run(settings, "--json", *options).stdout.splitlines()
    return [msgspec.json.decode(line, type=Count) for line in lines]


def rows(settings: Settings, *options: str) -> list[list[str]]:
    """The table's cells, without the line under its head."""
    lines = run(settings, *options).stdout.decode().splitlines()
    return [line.split() for line in lines if line.strip() and "──" not in line]


async def test_json_is_the_newest_record_of_each_cell(settings: Settings) -> None:
    counts = [a_count(count=3), a_count("election"), a_count(count=4, revision=8), a_count(minute=1)]
    await write(settings, counts)

    assert json_counts(settings) == [counts[2], counts[1], counts[3]]


async def test_cells_that_were_taken_back_are_not_shown_and_told_to_who_follows(settings: Settings) -> None:
    old, new = a_count(count=3, revision=8), a_count(count=1, revision=2, minute=1)
    await write(settings, [old])
    await produce(settings.broker, settings.topic("counts"), [(old.key, None, None, None)])
    await write(settings, [new])

    with start_sandik("counts", "--json", environment=environment(settings)) as following:
        assert following.stdout is not None
        lines = [json.loads(following.stdout.readline()) for _ in range(3)]
        following.kill()

    assert json_counts(settings) == [new]
    assert [line.get("revision") for line in lines] == [8, None, 2]
    assert lines[1] == {
        "window_start_ms": old.window_start_ms,
        "size_ms": old.window_end_ms - old.window_start_ms,
        "language": old.language,
        "tag": old.tag,
        "is_deleted": True,
    }


async def test_tags_and_languages_can_be_chosen(settings: Settings) -> None:
    counts = {
        (tag, code): a_count(tag, code) for tag in ("all", "election", "both") for code in ("tr", "ru", "uk")
    }
    await write(settings, counts.values())

    assert json_counts(settings, "--tag", "both", "--language", "ru") == [counts["both", "ru"]]
    assert json_counts(settings, "--tag", "all", "--tag", "both", "--language", "tr") == [
        counts["all", "tr"],
        counts["both", "tr"],
    ]
    assert json_counts(settings, "--language", "Finnish") == []
    assert [row[-3:-1] for row in rows(settings, "--language", "uk", "--tag", "election")] == [
        ["election", "late"],
        ["uk", "1"],
    ]


async def test_posts_of_two_languages_are_shown_under_each_and_apart_when_none_is_chosen(
    settings: Settings,
) -> None:
    counts = {
        (tag, code): a_count(tag, code, count=number)
        for tag in ("all", "election")
        for code, number in (("tr", 5), ("ru", 3), ("ru+tr", 2))
    }
    await write(settings, counts.values())

    assert json_counts(settings, "--language", "ru", "--tag", "all") == [
        counts["all", "ru"],
        counts["all", "ru+tr"],
    ]
    shown = rows(settings, "--language", "tr", "--language", "ru")
    assert [row[-4:-1] for row in shown] == [["all", "election", "late"], ["tr", "7", "7"], ["ru", "5", "5"]]
    assert [row[-4:-1] for row in rows(settings)][1:] == [
        ["tr", "5", "5"],
        ["ru", "3", "3"],
        ["ru+tr", "2", "2"],
    ]


async def test_sources_can_be_chosen_and_told_apart(settings: Settings) -> None:
    refused(
        *("counts", "--once", "--by", "source"),
        environment=environment(settings),
        says="Run the workers with SANDIK_SOURCES",
    )

    await create_topic(settings.broker, settings.topic("counts.sources"))
    counts = {
        (tag, code, source): a_count(tag, code, source=source, count=number)
        for tag in ("all", "election")
        for code, source, number in (("tr", "telegram", 5), ("ru+tr", "telegram/1", 3), ("ru", "other", 2))
    }
    await write(settings, counts.values(), "counts.sources")

    def shown(*options: str) -> list[list[str]]:
        return [row[-4:-1] for row in rows(settings, *options)]

    assert json_counts(settings, "--source", "telegram", "--tag", "all") == [
        counts["all", "tr", "telegram"],
        counts["all", "ru+tr", "telegram/1"],
    ]
    assert shown("--by", "source") == [
        ["all", "election", "late"],
        ["telegram", "5", "5"],
        ["telegram/1", "3", "3"],
        ["other", "2", "2"],
    ]
    assert shown("--by", "source", "--language", "ru", "--source", "telegram")[1:] == [
        ["telegram/1", "3", "3"]
    ]
    assert shown("--source", "telegram", "--language", "tr")[1:] == [["tr", "8", "8"]]
    for asked, says in (
        (("--source", "telegran"), "no count has --source telegran; did you mean telegram?"),
        (("--by", "source", "--windows", "hopping"), "not counted by source"),
    ):
        refused("counts", "--once", *asked, environment=environment(settings), says=says)


@pytest.mark.parametrize("order", [[0, 1, 2], [2, 1, 0], [1, 2, 0]])
async def test_the_table_shows_the_highest_revision_whatever_the_order(
    settings: Settings, order: list[int]
) -> None:
    revisions = [a_count(count=number, revision=2 * number) for number in (11, 12, 13)]
    await write(settings, [revisions[place] for place in order])

    assert [row[-2:] for row in rows(settings)[1:]] == [["13", "current"]]


async def test_the_table_has_a_row_per_window_and_language_and_says_what_is_final(settings: Settings) -> None:
    await write(
        settings,
        [
            a_count("all", "tr", minute=1, count=9),
            a_count("all", "ru", minute=1, count=5),
            a_count("all", "ru", minute=0, count=7, is_final=True, late_count=2),
            a_count("election", "ru", minute=0, count=4, is_final=True),
            a_count("both", "ru", minute=0, count=1, is_final=True),
        ],
    )

    head, *body = rows(settings)
    assert head == ["window", "(UTC)", "language", "all", "election", "both", "both", "%", "late", "state"]
    assert body == [
        ["2023-05-11", "10:13", "ru", "7", "4", "1", "25%", "2", "final"],
        ["2023-05-11", "10:14", "tr", "9", "current"],
        ["ru", "5", "current"],
    ]
    assert rows(settings, "--last", "1")[1:] == [
        ["2023-05-11", "10:14", "tr", "9", "current"],
        ["ru", "5", "current"],
    ]


async def test_the_share_is_right_whatever_tags_are_chosen(settings: Settings) -> None:
    await write(
        settings,
        [
            a_count("all", count=9),
            a_count("election", count=4),
            a_count("both"),
            a_count("election", "ru", minute=1),  # none about both: no row, and no window of the last one
        ],
    )

    assert rows(settings, "--tag", "both", "--last", "1") == [
        ["window", "(UTC)", "language", "both", "both", "%", "late", "state"],
        ["2023-05-11", "10:13", "tr", "1", "25%", "current"],
    ]
    assert [row[-4:-1] for row in rows(settings, "--tag", "both", "--tag", "all")[1:]] == [["9", "1", "25%"]]
    assert [row[-2] for row in rows(settings, "--tag", "election")[1:]] == ["4", "1"]
    assert rows(settings, "--tag", "both", "--language", "ru")[1:] == []


@pytest.mark.timeout(60)
@pytest.mark.parametrize("options", [("--once",), ("--once", "--json"), (), ("--json",)])
@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (("--tag", "bth"), "no count has --tag bth; did you mean both? There are: all, both"),
        (("--language", "xx"), "no count has --language xx. There are: ru, tr"),
    ],
)
async def test_what_is_misspelt_is_told_with_what_may_be_meant(
    settings: Settings, options: tuple[str, ...], asked: tuple[str, str], says: str
) -> None:
    await write(settings, [a_count("all"), a_count("both", "ru")])

    refused("counts", *asked, *options, environment=environment(settings), says=says)


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (("--language", "turkisch"), "there is no language 'turkisch'; did you mean Turkish?"),
        (("--from", "2023-05-11T18:00"), "'2023-05-11T18:00' has no zone: write 2023-05-11T18:00Z for UTC"),
        (("--from", "noon"), "'noon' is not a time: write 2023-05-11 (UTC), 2023-05-11T18:00Z"),
        (("--from", "now", "--to", "-2h"), "--from now is not before --to -2h"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_kafka_is_asked(asked: tuple[str, ...], says: str) -> None:
    refused("counts", *asked, environment={"SANDIK_BROKER": "127.0.0.1:1"}, says=says)


@pytest.mark.parametrize("options", [(), ("--json",)])
async def test_nothing_says_why(settings: Settings, options: tuple[str, ...]) -> None:
    def said(*asked: str) -> str:
        return run(settings, *asked, *options).stderr.decode()

    assert "counts is empty. Are there posts, and does a worker run?" in said("--tag", "bth")
    await write(settings, [a_count("all"), a_count("both", "ru")])
    assert said("--tag", "both", "--language", "tr") == (
        "nothing to show: no post of that time has language tr and tag both\n"
    )
    assert said("--tag", "deepfake") == "nothing to show: no post of that time has tag deepfake\n"
    assert "no window starts in that time. Those of" in said("--to", "2023-05-11T13:13+03:00")
    assert said("--from", "2023-05-11T13:13+03:00", "--language", "türkçe") == ""


async def test_without_what_it_is_of_there_is_no_share(settings: Settings) -> None:
    """A lexicon of two other tags counts posts of both, too."""
    await write(settings, [a_count("all"), a_count("war"), a_count("peace"), a_count("both")])

    assert rows(settings) == [
        ["window", "(UTC)", "language", "all", "both", "peace", "war", "both", "%", "late", "state"],
        ["2023-05-11", "10:13", "tr", "1", "1", "1", "1", "current"],
    ]


async def test_windows_of_another_size_are_other_windows(settings: Settings) -> None:
    await write(settings, [a_count(count=5, size=5, revision=10), a_count(count=2, size=1, revision=4)])

    assert [row[-2] for row in rows(settings)[1:]] == ["2", "5"]


async def test_wider_windows_are_shown_with_their_ends(settings: Settings) -> None:
    for topic in ("counts.hopping", "counts.sessions"):
        await create_topic(settings.broker, settings.topic(topic))
    await write(settings, [a_count(count=1)])
    await write(settings, [a_count(count=2, size=60), a_count(count=3, size=60, minute=5)], "counts.hopping")

    head, *body = rows(settings, "--windows", "hopping")
    assert head[:3] == ["window", "(UTC)", "until"]
    assert [row[:-3] for row in body] == [
        ["2023-05-11", "10:13", "2023-05-11", "11:13"],
        ["2023-05-11", "10:18", "2023-05-11", "11:18"],
    ]
    assert [count.count for count in json_counts(settings, "--windows", "hopping")] == [2, 3]
    assert [count.count for count in json_counts(settings)] == [1]
    assert json_counts(settings, "--windows", "sessions") == []


async def test_a_session_that_is_taken_back_is_not_shown(settings: Settings) -> None:
    topic = settings.topic("counts.sessions")
    await create_topic(settings.broker, topic)
    first, second, joined = a_count(count=1), a_count(count=2, minute=9), a_count(count=3, size=10)
    await write(settings, [first, second, joined], "counts.sessions")
    await produce(settings.broker, topic, [(one.key, None, None, None) for one in (first, second)])

    assert json_counts(settings, "--windows", "sessions") == [joined]
    assert [row[-2] for row in rows(settings, "--windows", "sessions")[1:]] == ["3"]


async def test_a_deleted_cell_and_a_foreign_record_do_not_stop_the_view(settings: Settings) -> None:
    foreign = [(b"key", None, None, None), (b"key", b"not a count", None, None)]
    await produce(settings.broker, settings.topic("counts"), foreign)
    await write(settings, [a_count()])

    done = run(settings, "--json")

    assert len(done.stdout.splitlines()) == 1
    assert f"{settings.topic('counts')}, partition 0, offset 1: not a count" in done.stderr.decode()


async def test_an_empty_topic_is_no_error(settings: Settings) -> None:
    assert json_counts(settings) == []
    assert len(rows(settings)) == 1


def test_a_missing_topic_is_named_with_what_to_do(worker_settings: Settings) -> None:
    done = sandik("counts", "--once", environment=environment(worker_settings))

    assert (done.returncode, done.stdout) == (1, b"")
    assert f"no topic {worker_settings.topic('counts')}: run `sandik topics create`" in done.stderr.decode()
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("windows", "setting"),
    [
        ("hopping", "SANDIK_HOPPING_SIZE_MS and SANDIK_HOPPING_ADVANCE_MS"),
        ("sessions", "SANDIK_SESSION_GAP_MS"),
    ],
)
def test_windows_that_are_not_written_are_told_with_their_setting(
    worker_settings: Settings, windows: str, setting: str
) -> None:
    done = sandik("counts", "--once", "--windows", windows, environment=environment(worker_settings))

    assert (done.returncode, done.stdout) == (2, b"")
    assert f"Run the workers with {setting}" in done.stderr.decode()


@pytest.mark.timeout(90)
async def test_asking_for_a_missing_topic_does_not_make_it(tmp_path: Path) -> None:
    """Kafka makes topics that are asked for unless told not to: with one partition, and not compacted."""
    eager = {"auto.create.topics.enable": "true"}
    with EmbeddedKafka(tmp_path / "kafka", extra_config=eager, heap_mb=256) as kafka:
        variables = environment(Settings(broker=kafka.bootstrap_servers))

        assert sandik("counts", "--once", environment=variables).returncode == 1

        await create_topic(kafka.bootstrap_servers, "made")  # after what may be on its way to being made
        assert await topic_names(kafka.bootstrap_servers) == {"made"}


@pytest.mark.timeout(90)  # the client gives a silent address 40 s
@pytest.mark.parametrize("options", [(), ("--once", "--json")])
def test_without_a_broker_the_message_says_where_and_what_to_do(options: tuple[str, ...]) -> None:
    done = sandik("counts", *options, environment={"SANDIK_BROKER": "127.0.0.1:1"})

    assert (done.returncode, done.stdout) == (1, b"")
    assert b"Kafka at 127.0.0.1:1 does not answer" in done.stderr
    assert b"SANDIK_BROKER" in done.stderr
    assert b"Traceback" not in done.stderr


@pytest.mark.timeout(60)
@pytest.mark.parametrize("options", [("--json",), ()])
async def test_what_is_produced_later_is_shown_and_ctrl_c_ends_it_cleanly(
    settings: Settings, options: tuple[str, ...]
) -> None:
    await write(settings, [a_count(count=41)])
    with start_sandik("counts", *options, environment=environment(settings)) as command:
        assert await asyncio.to_thread(line_with, command, b"41")

        await write(settings, [a_count(count=42, revision=4)])
        assert await asyncio.to_thread(line_with, command, b"42")

        command.send_signal(signal.SIGINT)
        _, errors = await asyncio.to_thread(command.communicate)
    assert (command.returncode, errors) == (0, b"")


@pytest.mark.timeout(60)
@pytest.mark.parametrize("options", [("--json",), ()])
async def test_when_the_reader_goes_the_command_ends_without_a_complaint(
    settings: Settings, options: tuple[str, ...]
) -> None:
    await write(settings, [a_count(count=41)])
    with start_sandik("counts", *options, environment=environment(settings)) as command:
        assert await asyncio.to_thread(line_with, command, b"41")
        assert command.stdout is not None
        command.stdout.close()  # as `head -1` does

        await write(settings, [a_count(count=42, revision=4)])

        assert command.stderr is not None
        assert await asyncio.to_thread(command.stderr.read) == b""
        assert await asyncio.to_thread(command.wait) == 0


async def test_what_goes_into_a_pipe_has_no_escape_codes(settings: Settings) -> None:
    await write(settings, [a_count(is_final=True), a_count(minute=1)])

    assert b"\x1b" not in run(settings).stdout


async def test_a_terminal_with_no_color_gets_no_colours(settings: Settings) -> None:
    await write(settings, [a_count(is_final=True), a_count(minute=1)])

    shown = await asyncio.to_thread(on_terminal, settings)

    assert "\x1b[" in shown  # it was taken for a terminal
    assert COLOUR.findall(shown) == []


def line_with(command: "subprocess.Popen[bytes]", words: bytes) -> bool:
    """Read on until a line has the words; False when the output ends."""
    assert command.stdout is not None
    return any(words in line for line in command.stdout)


def on_terminal(settings: Settings) -> str:
    ours, theirs = pty.openpty()
    variables = {**environment(settings), "NO_COLOR": "1", "TERM": "xterm-256color"}
    with os.fdopen(theirs, "wb") as terminal:
        command = start_sandik("counts", "--once", environment=variables, stdout=terminal)
    shown = b""
    with command, os.fdopen(ours, "rb", buffering=0) as screen:
        try:
            while chunk := screen.read(4096):
                shown += chunk
        except OSError:
            pass  # how Linux says that the other side has closed
    return shown.decode()


def test_a_source_of_which_only_channels_are_counted_apart_is_an_error_for_the_rest_is_in_other() -> None:
    for asked, is_refused in (("telegram", True), ("telegram/1", False), ("other", False)):
        seen = Seen("counts.sources", Filter(sources=frozenset({asked})))
        seen.add(a_count(source="telegram/1"))
        with pytest.raises(UsageError, match="There are: telegram/1") if is_refused else nullcontext():
            seen.check()
