"""The data directory of `sandik up`: one owner, files that were read, nothing half written is believed."""

from pathlib import Path

import pytest

from sandik.errors import SandikError, UsageError
from sandik.settings import Settings
from sandik.up.data_dir import Home, Running
from sandik.up.joining import check_same
from sandik.up.request import looked_up, take_apart
from sandik.up.supervisor import Choice

RUNNING = Running(1, "127.0.0.1:9", "p-", True, 2, "own Kafka p-", "http://127.0.0.1:8080/")


def test_one_up_owns_a_folder_and_the_next_may_have_it_afterwards(tmp_path: Path) -> None:
    home = Home(tmp_path / "new" / "data")
    with home.claimed() as first:
        with Home(home.path).claimed() as second:
            assert (first, second) == (True, False)
        assert home.is_owned()
    assert not home.is_owned()
    with home.claimed() as third:
        assert third


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    with (
        pytest.raises(SandikError, match=r"cannot store data in .*file.*--data-dir"),
        Home(tmp_path / "file").claimed(),
    ):
        pass


def test_what_runs_is_told_until_it_is_forgotten_and_never_half(tmp_path: Path) -> None:
    home = Home(tmp_path)
    assert home.running() is None
    home.tell(RUNNING)
    assert home.running() == RUNNING
    (tmp_path / "up.json").write_text('{"pid": 1, "bro')
    assert home.running() is None
    home.forget()
    home.forget()
    assert home.running() is None


def test_a_file_is_known_until_it_changes_and_only_where_it_was_read(tmp_path: Path) -> None:
    home, archive, other = Home(tmp_path), tmp_path / "a.jsonl", tmp_path / "b.jsonl"
    archive.write_text("1\n")
    other.write_text("2\n")
    names = [str(archive), str(other), str(tmp_path / "gone"), "-"]
    assert home.known(names, "here") == []

    home.remember([str(archive), "-"], "here")

    assert home.known(names, "here") == [str(archive)]
    assert home.known(names, "there") == []
    home.remember([str(other)], "here")
    assert home.known(names, "here") == [str(archive), str(other)]
    archive.write_text("1\n3\n")
    assert home.known(names, "here") == [str(other)]


def test_a_live_source_has_a_cursor_of_its_own_that_names_no_token(tmp_path: Path) -> None:
    home = Home(tmp_path)
    one, other = home.cursor("wss://host/subscribe?token=secret"), home.cursor("jetstream")

    assert one != other
    assert one == home.cursor("wss://host/subscribe?token=secret")
    assert "secret" not in str(one)


def test_a_second_up_with_other_topics_is_refused_before_anything_is_written() -> None:
    same = Settings(topic_prefix="p-")
    check_same(RUNNING, Choice(same))
    check_same(RUNNING, Choice(same, broker="127.0.0.1:9", page_port=8080))
    for choice, word in (
        (Choice(Settings()), "SANDIK_TOPIC_PREFIX is none"),
        (Choice(same, broker="kafka:9092"), "SANDIK_BROKER is kafka:9092"),
        (Choice(same, page_port=8090), "--port is"),
    ):
        with pytest.raises(UsageError, match=word):
            check_same(RUNNING, choice)


def test_a_source_that_is_not_there_is_said_before_anything_starts(tmp_path: Path) -> None:
    for word, reason in (
        (str(tmp_path / "gone.jsonl"), "does not exist"),
        (str(tmp_path), "is a folder"),
        (str(tmp_path / "*.zst"), "no file matches"),
    ):
        with pytest.raises(UsageError, match=reason):
            looked_up(take_apart([word], {}))


def test_a_pattern_becomes_its_files_and_a_live_source_stays(tmp_path: Path) -> None:
    for name in ("b.jsonl", "a.jsonl"):
        (tmp_path / name).touch()

    request = looked_up(take_apart([str(tmp_path / "*.jsonl"), "--format", "jsonl"], {"--format": True}))

    assert request.sources == (str(tmp_path / "a.jsonl"), str(tmp_path / "b.jsonl"))
    assert request.options == ("--format", "jsonl")
    assert looked_up(take_apart(["jetstream"], {})).is_live
