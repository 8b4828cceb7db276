"""What is the same replay, and which wider windows it has."""

import os
from pathlib import Path

import pytest

from sandik.counting.windows.derived_sizes import DerivedSizes
from sandik.errors import UsageError
from sandik.replay.request import Request, spans_of

OF_SETTINGS = DerivedSizes(3_600_000, 300_000, 600_000)


def test_what_the_command_does_not_say_of_wider_windows_the_settings_say() -> None:
    assert spans_of(None, None, OF_SETTINGS) == OF_SETTINGS
    assert spans_of("15m/5m", None, OF_SETTINGS) == DerivedSizes(900_000, 300_000, 600_000)
    assert spans_of(None, "5m", OF_SETTINGS) == DerivedSizes(3_600_000, 300_000, 300_000)
    assert spans_of("off", "off", OF_SETTINGS) == DerivedSizes()
    with pytest.raises(UsageError, match="1h/5m"):
        spans_of("15m", None, OF_SETTINGS)


def test_however_its_files_are_named_from_here_it_is_the_same_replay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    relative = Request("out.csv", None, ("posts.jsonl",), processes=2)
    whole = Request(os.fspath(tmp_path / "out.csv"), None, (os.fspath(tmp_path / "posts.jsonl"),), force=True)

    assert relative.identity == whole.identity
    assert relative.identity != Request("other.csv", None, ("posts.jsonl",)).identity
    assert Request(None, "run").identity == Request(None, "run")
