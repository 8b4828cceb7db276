"""Notes of the operator: read in the order of time, or refused with what is wrong and where."""

from pathlib import Path

import pytest

from sandik.dashboard.notes import MOST_NOTES, Note, read_notes
from sandik.errors import UsageError

ONE = '[[note]]\nat = "2023-05-11T21:00+03:00"\ntext = "A candidate warns"\n'


def written(folder: Path, text: str) -> Path:
    path = folder / "notes.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_notes_come_in_the_order_of_time(tmp_path: Path) -> None:
    path = written(tmp_path, ONE + '[[note]]\nat = 2023-05-11T17:30:00Z\ntext = "It begins"\n')

    assert read_notes(path) == (
        Note(1_683_826_200_000, "It begins"),
        Note(1_683_828_000_000, "A candidate warns"),
    )


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[[note]", "Expected"),
        ("[note]\nat = 5", "write up to 100 tables"),
        ('title = "x"\n' + ONE, "nothing else"),
        (ONE * (MOST_NOTES + 1), "write up to 100 tables"),
        (ONE + '[[note]]\nat = "2023-05-11"\n', "note 2: write at"),
        (ONE.replace("+03:00", ""), "note 1: '2023-05-11T21:00' has no zone"),
        (ONE.replace("2023-05-11T21:00+03:00", "-2h"), "note 1: '-2h' is not a time"),
        (ONE.replace("A candidate warns", "x" * 81), "1 to 80 characters"),
    ],
)
def test_what_is_no_note_is_refused_with_its_place(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        read_notes(written(tmp_path, text))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"--notes .*nowhere\.toml"):
        read_notes(tmp_path / "nowhere.toml")
