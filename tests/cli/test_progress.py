"""A bar for who waits at a terminal, and nothing anywhere else."""

import io
import sys

import pytest

from sandik.progress import Bar, progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def shown(monkeypatch: pytest.MonkeyPatch, stderr: io.StringIO) -> str:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stderr", stderr)
    with progress("reading [posts]") as bar:
        bar.expect(2_000)
        bar.expect(500)
        assert list(bar.through(range(1_500))) == list(range(1_500))
        with progress("a step of it") as inner:
            inner.advance(1)
        sys.stdout.write("data\n")
    with progress("writing"):
        pass
    return stderr.getvalue()


def test_a_terminal_shows_what_is_done_of_how_much_and_data_stays_on_stdout(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = shown(monkeypatch, Terminal())

    assert "reading [posts]: 1,500 of 2,500" in text
    assert "60%" in text
    assert "a step of it" not in text
    assert "writing" in text
    assert capsys.readouterr().out == "data\n"


def test_elsewhere_nothing_is_shown_even_where_colour_is_forced(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")

    assert shown(monkeypatch, io.StringIO()) == ""
    assert capsys.readouterr().out == "data\n"


def test_what_fails_leaves_room_for_the_next_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with pytest.raises(KeyboardInterrupt), progress("first"):
        raise KeyboardInterrupt
    with progress("second") as bar:
        bar.advance(3)
    assert "second: 3" in terminal.getvalue()


def test_a_bar_that_nobody_sees_takes_anything() -> None:
    bar = Bar()
    bar.expect(3)
    bar.advance(5)
    assert list(bar.through("abc")) == ["a", "b", "c"]
