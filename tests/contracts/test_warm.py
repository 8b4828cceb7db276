"""The copies that tests start (`tests/support/warm.py`) are what a new Python would be."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.warm import Warm, start

PROBE = "tests.support.probe"
PIPES: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
VARIABLES = {**os.environ, "TZ": "Asia/Istanbul", "SANDIK_OF_THIS_TEST": "seçim"}


@pytest.mark.parametrize("ending", ["0", "3", "fail"])
@pytest.mark.parametrize("is_in_background", [False, True])
def test_a_copy_finds_and_says_what_a_new_python_does(ending: str, is_in_background: bool) -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN if is_in_background else signal.default_int_handler)
    try:
        copy = start(PROBE, ending, "seçim", environment=VARIABLES, **PIPES)
        new = subprocess.Popen([sys.executable, "-m", PROBE, ending, "seçim"], env=VARIABLES, **PIPES)
    finally:
        signal.signal(signal.SIGINT, before)
    with copy, new:
        assert isinstance(copy, Warm)
        (told, said), (expected, expected_said) = (one.communicate(b"\xc3\xa7") for one in (copy, new))

    assert json.loads(told.splitlines()[0]) == json.loads(expected.splitlines()[0])
    assert told.splitlines()[1:] == expected.splitlines()[1:] == ["ç".encode()]
    assert said.splitlines()[0] == expected_said.splitlines()[0] == "çağrı".encode()
    assert said.splitlines()[-1] == expected_said.splitlines()[-1]
    assert copy.returncode == new.returncode


def test_a_copy_has_the_folder_that_it_is_given(tmp_path: Path) -> None:
    with start(PROBE, "0", environment=VARIABLES, cwd=tmp_path, **PIPES) as copy:
        found = json.loads(copy.communicate(b"")[0].splitlines()[0])

    assert found["folder"] == found["first to import from"] == str(tmp_path)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_copy_is_ended_by_a_signal_and_is_waited_for(number: signal.Signals) -> None:
    with start(PROBE, "0", environment=VARIABLES, **PIPES) as copy:
        assert copy.stdout is not None
        assert copy.stdout.readline()
        assert copy.poll() is None
        with pytest.raises(subprocess.TimeoutExpired):
            copy.wait(0)
        copy.send_signal(number)
        assert copy.wait(60) == copy.poll() == -number
    with pytest.raises(ProcessLookupError):
        os.kill(copy.pid, 0)


def test_what_copies_share_is_not_what_one_of_them_leaves_behind() -> None:
    names = ("SANDIK_ONE", "SANDIK_OTHER")
    for name in names:
        with start(PROBE, "0", environment={**VARIABLES, name: "1"}, **PIPES) as copy:
            found = json.loads(copy.communicate(b"")[0].splitlines()[0])
        assert [other for other in names if other in found["environment"]] == [name]


@pytest.mark.parametrize("name", ["PYTHONHASHSEED", "LC_ALL", "FORCE_COLOR"])
def test_what_python_reads_at_its_start_gets_a_python_of_its_own(name: str) -> None:
    with start(PROBE, "0", environment={**VARIABLES, name: "1"}, **PIPES) as process:
        process.communicate(b"")

    assert not isinstance(process, Warm)
    assert process.returncode == 0
