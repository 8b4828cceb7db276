"""SIGTERM does what Ctrl-C does, in every command and at any time, and neither shows a traceback."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from sandik.kafka.topics import COUNTS, POSTS, all_topics, create
from sandik.replay.checkpoint import Checkpoint
from sandik.replay.request import begun_in
from sandik.settings import Settings
from tests.cli.test_counts import a_count, line_with
from tests.support.command import start_sandik
from tests.support.kafka import produce, read_topic, wait_until
from tests.support.scene import some_posts
from tests.support.workers import environment

SIGNALS = pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "sigterm"])
INTERRUPTED = {signal.SIGINT: 130, signal.SIGTERM: 143}

#: Runs the command line; the signal comes as soon as it begins to import the module.
AT_IMPORT = """
import os, runpy, sys

module, number, *sys.argv[1:] = sys.argv[1:]

class Signals:
    def find_spec(self, name, path=None, target=None):
        if name == module:
            os.kill(os.getpid(), int(number))

sys.meta_path.insert(0, Signals())
runpy.run_module("sandik", run_name="__main__")
"""
#: Commands that would go on for ever: to be told to stop is all that ends them.
ENDLESS = {
    "worker": ["worker"],
    "counts": ["counts"],
    "top": ["top"],
    "dashboard": ["dashboard", "--port", "0"],
    "bursts": ["bursts", "--port", "0"],
    "up": ["up"],
    "broker": ["broker", "--port", "0", "--controller-port", "0"],
}
#: One for each way that a command goes: with a loop, with a pipe, with files, and alone.
OTHERS = {
    "counts --once": ["counts", "--once"],
    "ingest": ["ingest", "-"],
    "lexicon": ["lexicon", "check"],
    "replay": ["replay", "--out", "out.csv"],
}
#: Those that go such ways as well.
MORE = {
    "top --once": ["top", "--once"],
    "annotate": ["annotate", "-"],
    "topics": ["topics", "create"],
    "doctor": ["doctor"],
    "config": ["config"],
    "export": ["export", "posts", "out.csv"],
    "diff": ["diff", "a.csv", "b.csv"],
    "report": ["report", "live", "out.html"],
    "dlq": ["dlq", "list"],
    "late": ["late", "list"],
}


def stopped_at_import(
    module: str, number: signal.Signals, arguments: list[str], folder: Path
) -> "subprocess.CompletedProcess[bytes]":
    """Run a command whose Kafka never says a word, so that it does not end before it is stopped."""
    command = [sys.executable, "-c", AT_IMPORT, module, str(int(number)), *arguments]
    with socket.create_server(("127.0.0.1", 0)) as silent:
        own = {
            "SANDIK_BROKER": f"127.0.0.1:{silent.getsockname()[1]}",
            "SANDIK_OPS_PORT": "0",
            "SANDIK_DATA_DIR": str(folder / "data"),
            "PYTHONPATH": str(Path.cwd()),
        }
        nothing, variables = subprocess.DEVNULL, os.environ | own
        return subprocess.run(
            command, stdin=nothing, capture_output=True, env=variables, cwd=folder, check=False
        )


@SIGNALS
@pytest.mark.parametrize("module", ["sandik.cli.main", "typer", "pydantic_core", "numpy", "aiokafka"])
def test_no_import_shows_a_traceback(module: str, number: signal.Signals, tmp_path: Path) -> None:
    done = stopped_at_import(module, number, ["topics", "create"], tmp_path)

    assert (done.returncode, done.stdout, done.stderr) == (INTERRUPTED[number], b"", b"")


@pytest.mark.parametrize(
    "name", [*ENDLESS, *OTHERS, *(pytest.param(name, marks=pytest.mark.long) for name in MORE)]
)
def test_every_command_that_is_stopped_as_it_begins_ends_well(name: str, tmp_path: Path) -> None:
    arguments = (ENDLESS | OTHERS | MORE)[name]
    module = "sandik.broker" if name == "broker" else "sandik.cli.config"

    done = stopped_at_import(module, signal.SIGTERM, arguments, tmp_path)

    code = 0 if name in ENDLESS else INTERRUPTED[signal.SIGTERM]
    assert done.returncode == code, done.stderr
    assert b"Traceback" not in done.stderr
    assert b"never awaited" not in done.stderr


#: Runs a loop with a task that is busy when SIGTERM comes, and that its command waits for.
DELIVERING = """
import asyncio, os, runpy, signal, sys, types

signal.signal(signal.SIGINT, getattr(signal, sys.argv.pop()))

async def deliver():
    os.kill(os.getpid(), signal.SIGTERM)
    for _ in range(100):
        os.getpid()  # Python handles signals between its instructions
    await asyncio.sleep(0)
    return "delivered"

async def work():
    delivery = asyncio.create_task(deliver())
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        print(await delivery)
        raise

command = types.ModuleType("sandik.cli.main")
command.main = lambda: asyncio.run(work())
sys.modules["sandik.cli.main"] = command
runpy.run_module("sandik", run_name="__main__")
"""


@pytest.mark.parametrize("ctrl_c", ["SIG_IGN", "default_int_handler"])
def test_sigterm_interrupts_the_command_and_no_task_that_it_waits_for(ctrl_c: str) -> None:
    """A shell without job control starts what it starts in the background deaf to Ctrl-C: SIG_IGN."""
    command = [sys.executable, "-c", DELIVERING, ctrl_c]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (143, "delivered\n"), done.stderr


def a_post(number: int) -> bytes:
    post = {"id": f"t:{number}", "source": "t", "created_at_ms": 1_683_800_040_000, "text": "oy ver"}
    return msgspec.json.encode(post) + b"\n"


@pytest.mark.broker
@pytest.mark.parametrize("is_in_background", [False, True])
async def test_sigterm_delivers_what_was_read_and_sums_it_up(
    worker_settings: Settings, is_in_background: bool
) -> None:
    await create(worker_settings, all_topics(worker_settings))
    topic = worker_settings.topic(POSTS)
    before = signal.signal(signal.SIGINT, signal.SIG_IGN if is_in_background else signal.default_int_handler)
    try:
        process = start_sandik(
            "ingest", "-", "--format", "jsonl", "--json", environment=environment(worker_settings)
        )
    finally:
        signal.signal(signal.SIGINT, before)
    with process:
        assert process.stdin is not None
        process.stdin.write(b"".join(map(a_post, range(3))))
        process.stdin.flush()

        async def all_arrived() -> bool:
            return len(await read_topic(worker_settings.broker, topic)) == 3

        await wait_until(all_arrived, 60, "the posts of the open pipe are delivered")
        process.terminate()
        output, said = await asyncio.to_thread(process.communicate)

    assert process.returncode == 143, said
    assert json.loads(output)["produced"] == 3
    assert b"3 posts produced" in said
    assert b"Traceback" not in said


@SIGNALS
@pytest.mark.broker
async def test_what_is_followed_ends_well(worker_settings: Settings, number: signal.Signals) -> None:
    await create(worker_settings, all_topics(worker_settings))
    one = a_count(count=41)
    record = (one.key, msgspec.json.encode(one), None, one.window_start_ms)
    await produce(worker_settings.broker, worker_settings.topic(COUNTS), [record])
    for *arguments, word in (["counts", "41"], ["counts", "--json", "41"], ["top", "--json", "group"]):
        with start_sandik(*arguments, environment=environment(worker_settings)) as process:
            assert await asyncio.to_thread(line_with, process, word.encode())
            process.send_signal(number)
            _, said = await asyncio.to_thread(process.communicate)
        assert (process.returncode, said) == (0, b"")


@SIGNALS
def test_a_filter_between_pipes_has_written_what_it_was_given(number: signal.Signals) -> None:
    with start_sandik("annotate", "-") as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(a_post(1))
        process.stdin.flush()
        line: dict[str, Any] = json.loads(process.stdout.readline())
        process.send_signal(number)
        rest, said = process.communicate()

    assert line["tags"] == ["election"]
    assert (process.returncode, rest, said) == (INTERRUPTED[number], b"", b"")


async def test_a_replay_that_is_terminated_can_go_on(tmp_path: Path) -> None:
    (tmp_path / "posts.jsonl").write_bytes(b"".join(value + b"\n" for _, value in some_posts(90_000)))
    variables = {"SANDIK_DETECTOR": "fasttext", "SANDIK_PARTITIONS": "1"}
    arguments = ("replay", str(tmp_path / "posts.jsonl"), "--out", str(tmp_path / "out.jsonl"))
    with start_sandik(*arguments, environment=variables) as running:
        state = tmp_path / "out.jsonl.replay" / "0.state"
        await wait_until(lambda: state.exists() or running.poll() is not None, 120, "the first checkpoint")
        running.terminate()
        _, said = running.communicate()

    assert (running.returncode, state.exists()) == (143, True), said
    assert b"the same command goes on from there" in said
    assert b"Traceback" not in said
    plan = begun_in(state.parent).plan
    [one] = plan.slices
    assert not Checkpoint(state.parent, plan.rules.run_id, *one).saved.is_done, "it counted to the end"
