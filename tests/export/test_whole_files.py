"""Files are there whole or not at all, and nothing is replaced unasked."""

import errno
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sandik.errors import SandikError, UsageError
from sandik.export.days import write_days
from sandik.files.atomic import check_free, new_file, new_folder, place
from sandik.tables.writers import write_table

COLUMNS = {"created_at": "time", "id": "text"}
ROW = {"created_at": "2023-05-11T12:00:00Z", "id": "a"}


def stopping(error: BaseException) -> Iterator[dict[str, Any]]:
    yield ROW
    raise error


Write = Callable[[Path, Iterator[dict[str, Any]]], None]


def as_csv(path: Path, rows: Iterator[dict[str, Any]]) -> None:
    write_table(path, COLUMNS, rows)


def as_days(path: Path, rows: Iterator[dict[str, Any]]) -> None:
    write_days(path, "parquet", COLUMNS, "created_at", rows, replaces=True)


@pytest.mark.parametrize("error", [KeyboardInterrupt(), ValueError("a row"), OSError(errno.ENOSPC, "full")])
@pytest.mark.parametrize(("name", "write"), [("t.csv", as_csv), ("t.parquet", as_csv), ("t.csv", as_days)])
def test_what_is_told_to_stop_leaves_nothing_behind_and_what_was_there(
    tmp_path: Path, error: BaseException, name: str, write: Write
) -> None:
    path = tmp_path / name
    with pytest.raises((type(error), SandikError)):
        write(path, stopping(error))
    assert list(tmp_path.iterdir()) == []

    write(path, iter([ROW]))
    before = contents(tmp_path)
    with pytest.raises((type(error), SandikError)):
        write(path, stopping(error))
    assert contents(tmp_path) == before != {}


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_full_disk_is_an_error_that_names_the_file(tmp_path: Path) -> None:
    with pytest.raises(SandikError, match=r"t\.csv was not written.*No space left"):
        as_csv(tmp_path / "t.csv", stopping(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))))
    with pytest.raises(SandikError, match="was not written"):
        as_csv(tmp_path / "nowhere" / "t.csv", iter([]))
    with pytest.raises(SandikError, match="too long"):
        as_csv(tmp_path / f"{'x' * 300}.csv", iter([]))


def test_nothing_is_replaced_unless_it_is_a_file_and_asked_for(tmp_path: Path) -> None:
    taken, folder, dangling = tmp_path / "a", tmp_path / "b", tmp_path / "c"
    taken.write_text("a")
    folder.mkdir()
    dangling.symlink_to(tmp_path / "nowhere")
    for path in (taken, folder, dangling):
        with pytest.raises(UsageError, match="already exists"), new_file(path):
            pytest.fail("nothing may be written")
    with new_file(taken, replaces=True) as new:
        new.write_text("new")
    assert taken.read_text() == "new"
    for path in (folder, dangling):
        with pytest.raises(UsageError, match="is not a file"), new_file(path, replaces=True):
            pytest.fail("nothing may be written")
    check_free([tmp_path / "free"], replaces=False)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b", "c"]


@pytest.mark.parametrize("has_links", [True, False])
def test_what_comes_in_the_meantime_is_not_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, has_links: bool
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError

    if not has_links:
        monkeypatch.setattr("os.link", refuse)
    path = tmp_path / "a"

    def write() -> None:
        with new_file(path) as new:
            new.write_text("ours")
            path.write_text("theirs")

    with pytest.raises(UsageError, match="already exists"):
        write()
    assert contents(tmp_path) == {"a": b"theirs"}
    with pytest.raises(UsageError, match="already exists"), new_folder(tmp_path / "f"):
        (tmp_path / "f").mkdir()
    (tmp_path / "f").rmdir()
    other = tmp_path / "b"
    with new_file(other) as new:
        new.write_text("ours")
    assert contents(tmp_path) == {"a": b"theirs", "b": b"ours"}
    with pytest.raises(UsageError, match="already exists"):
        place(other, path, replaces=False)


def test_a_folder_is_replaced_only_if_an_export_has_written_it(tmp_path: Path) -> None:
    days, own = tmp_path / "days", tmp_path / "own"
    as_days(days, iter([ROW]))
    (days / "day=2023-05-11" / "part.parquet").write_bytes(b"old")
    as_days(days, iter([ROW | {"created_at": "2024-05-11T12:00:00Z"}]))
    assert list(contents(tmp_path)) == ["days/day=2024-05-11/part.parquet"]

    (own / "day=2023-05-11").mkdir(parents=True)
    (own / "day=2023-05-11" / "notes.txt").write_text("mine")
    (tmp_path / "link").symlink_to(days)
    for taken in (own, tmp_path / "link"):
        with pytest.raises(UsageError, match="was not written by an export"):
            as_days(taken, iter([ROW]))
    with pytest.raises(UsageError, match="already exists"):
        write_days(days, "csv", COLUMNS, "created_at", [ROW])
    assert (own / "day=2023-05-11" / "notes.txt").read_text() == "mine"


def test_files_have_the_rights_that_others_have(tmp_path: Path) -> None:
    (tmp_path / "usual").write_text("")
    (tmp_path / "usual_folder").mkdir()
    as_csv(tmp_path / "t.csv", iter([ROW]))
    as_days(tmp_path / "days", iter([ROW]))

    for usual, ours in (("usual", "t.csv"), ("usual_folder", "days")):
        assert (tmp_path / usual).stat().st_mode == (tmp_path / ours).stat().st_mode
