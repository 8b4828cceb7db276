"""`sandik up` at a terminal: one line in place, a page that is opened, and a Ctrl-C that `up` alone hears."""

import io
import os
import sys
from pathlib import Path

import pytest

from sandik.settings import Settings
from sandik.up.status_line import Shown, Status
from sandik.up.worker_status import Numbers
from tests.demo.terminal import CTRL_C, at_a_terminal
from tests.support.kafka import wait_until
from tests.support.workers import environment
from tests.up.running import processes


class FakeTerminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_at_a_terminal_every_change_replaces_the_line_and_what_is_said_stays_above_it() -> None:
    stream = FakeTerminal()
    shown, status = Shown(stream), Status({"worker": "ready"})

    shown.update(status)
    shown.update(status)
    status.numbers = Numbers(counted=1)
    shown.update(status)
    shown.say("said")
    shown.update(status)

    lines = ["worker ready", "worker ready | 1 counted", "said\n", "worker ready | 1 counted"]
    assert stream.getvalue() == "".join(f"\r\x1b[2K{line}" for line in lines)


def test_elsewhere_a_change_of_numbers_alone_is_no_line() -> None:
    stream = io.StringIO()
    shown, status = Shown(stream), Status({"worker": "ready"})

    shown.update(status)
    status.numbers = Numbers(counted=1)
    shown.update(status)
    status.numbers, status.is_settled = Numbers(counted=2), True
    shown.update(status)

    assert stream.getvalue() == "worker ready\nworker ready | 2 counted\n"


@pytest.mark.broker
@pytest.mark.timeout(600)
async def test_ctrl_c_at_a_terminal_ends_everything_in_order(
    worker_settings: Settings, tmp_path: Path
) -> None:
    browser, opened = tmp_path / "browser", tmp_path / "opened"
    browser.write_text(f"#!/bin/sh\necho $1 > '{opened}'\n")
    browser.chmod(0o755)
    own = {**environment(worker_settings), "SANDIK_OPS_PORT": "0", "UP_TEST": str(tmp_path)}
    variables = {**os.environ, **own, "BROWSER": str(browser)}
    command = [sys.executable, "-m", "sandik", "up", "--open", "--data-dir", str(tmp_path / "data")]
    with at_a_terminal(*command, environment=variables) as terminal:
        terminal.read_until("http://127.0.0.1:")
        await wait_until(lambda: opened.exists() and bool(opened.read_text()), 60, "the page is opened")

        terminal.type(CTRL_C)

        assert terminal.wait() == 0, terminal.shown
    assert "Traceback" not in terminal.shown
    assert terminal.shown.rstrip().endswith("ended | page ended")
    assert opened.read_text().strip() in terminal.shown
    assert processes(str(tmp_path)) == []
