"""`make demo`, with and without somebody who looks."""

import os
import re
import socket
import subprocess
import sys
import uuid
from contextlib import suppress
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import psutil
import pytest

from tests.demo.terminal import CTRL_C, at_a_terminal
from tests.support.command import sandik
from tests.support.kafka import wait_until

pytestmark = [pytest.mark.broker, pytest.mark.timeout(300)]

DEMO = str(Path(__file__).parents[2] / "deploy" / "demo" / "demo.py")
COUNTED = "235 posts: 235 counted + 0 too late (in posts.late)."
#: Only a hang takes so long.
DEADLINE_S = 120


async def test_at_a_terminal_the_page_moves_until_ctrl_c_and_then_nothing_is_left() -> None:
    mark = uuid.uuid4().hex
    environment = {**os.environ, "DEMO_TEST": mark}
    with socket.socket() as usual, at_a_terminal(sys.executable, DEMO, environment=environment) as terminal:
        usual.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with suppress(OSError):  # whoever has it: the page has to take another
            usual.bind(("127.0.0.1", 8080))
            usual.listen()
        terminal.read_until("Ctrl-C ends everything")
        assert COUNTED in terminal.shown
        url = shown_as(r"# (http://127\.0\.0\.1:\d+/)\?span=hour", terminal.shown)
        assert ":8080/" not in url
        async with aiohttp.ClientSession(url) as session:
            before = await until_final(session, 0)
            await until_final(session, before)  # windows go on becoming final
            posts = await get(session, "posts")
            assert posts["posts"][0]["text_state"] == "shown"
            assert len({post["id"] for post in posts["posts"]}) == 20
        broker = shown_as(r"SANDIK_BROKER=(\S+) ", terminal.shown)
        assert counted_at(broker) == 235, "the counts that were printed are no longer true"
        assert mark in marks()

        terminal.type(CTRL_C)

        assert (terminal.wait(), "Traceback" in terminal.shown) == (0, False), terminal.shown
        assert terminal.shown.rstrip().endswith("# Nothing is left running.")
        assert mark not in marks()


def test_without_a_terminal_it_ends_by_itself_in_any_folder(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, DEMO], cwd=tmp_path, stdin=subprocess.DEVNULL, capture_output=True, check=False
    )

    shown = done.stdout.decode()
    assert done.returncode == 0, done.stderr.decode()
    assert "$ sandik up deploy/demo/posts.jsonl &\n" in shown
    assert "posts.jsonl read, 235 posts | 235 counted\n" in shown
    assert shown.endswith(f"# {COUNTED} Nothing is left running.\n")
    assert "span=hour" not in shown
    readme = (Path(DEMO).parents[2] / "README.md").read_text(encoding="utf-8")
    assert lasting(shown) == lasting(readme.partition("$ make demo\n")[2].partition("```")[0])


async def until_final(session: aiohttp.ClientSession, known_ms: int) -> int:
    """Return the watermark as soon as it is past what is known."""
    watermark_ms = 0

    async def has_moved() -> bool:
        nonlocal watermark_ms
        watermark_ms = (await get(session, "status"))["watermark_ms"] or 0
        return watermark_ms > known_ms

    await wait_until(has_moved, DEADLINE_S, "another window is final")
    return watermark_ms


async def get(session: aiohttp.ClientSession, what: str) -> Any:
    async with session.get(f"/api/{what}") as response:
        return await response.json()


def counted_at(broker: str) -> int:
    """Return how many posts the topic `counts` has counted."""
    done = sandik("counts", "--once", "--json", "--tag", "all", environment={"SANDIK_BROKER": broker})
    latest = {
        (one["window_start_ms"], one["language"]): one for one in map(orjson.loads, done.stdout.splitlines())
    }
    return sum(one["count"] for one in latest.values())


def lasting(said: str) -> list[str]:
    """Return the lines that are the same every time: chance decides on ports, and which states are seen."""
    lines = [re.sub(r"(127\.0\.0\.1):\d+", r"\1", line.rstrip()) for line in said.splitlines()]
    return [line for line in lines if line and not line.startswith("kafka ")]


def marks() -> set[str]:
    """Return the marks of all processes there are."""
    found = set()
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            found.add(process.environ().get("DEMO_TEST", ""))
    return found


def shown_as(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    assert match, text
    return match[1]
