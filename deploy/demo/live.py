"""The second half of `make demo`, when somebody looks: the evening again, as if it were now, on a page.

It has topics of its own, so the counts that were printed stay what they are. Only the invented posts are
moved to now: the real ones keep the days on which they were written.
"""

import signal
import subprocess
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any

import orjson
from shell import Environment, Jobs, as_text, command, sandik, say

from streams.broker import probe
from streams.clock import SystemClock
from streams.errors import SandikError

SETTINGS = {
    "SANDIK_TOPIC_PREFIX": "live-",
    "SANDIK_PARTITIONS": "2",  # enough for a few posts a second
    "SANDIK_WINDOW_SIZE_MS": "10000",
    "SANDIK_MAX_DISORDER_MS": "5000",
    "SANDIK_IDLE_AFTER_MS": "2000",
}
INVENTED = "example"
EVENING_MS = 1_800_000
SPEED = 30
#: How long ago the replay begins: the page needs something to compare with.
BEFORE_MS = 600_000
#: What is written ahead of its time; `--pace` holds each post back until it is due.
AHEAD_MS = 3_000
USUAL_PORT = 8080

Post = dict[str, Any]


def watch(posts: Iterable[Post], environment: Environment, logs: Path) -> None:
    """Show the page and keep posts flowing until Ctrl-C, or until the terminal is closed.

    Raises:
        SandikError: one of the commands has ended by itself.
    """
    for number in (signal.SIGTERM, signal.SIGHUP):  # they would end us alone, and leave what we have started
        signal.signal(number, signal.default_int_handler)
    environment = environment | SETTINGS
    jobs = Jobs(environment, logs)
    try:
        say(
            "Now the page: the same evening as if it were now, half an hour in a minute. Settings of its own:"
        )
        print(as_text({"SANDIK_BROKER": environment["SANDIK_BROKER"], **SETTINGS}), flush=True)
        sandik("topics create", environment)
        jobs.start("worker")
        _flow(posts, environment, jobs, _page(jobs))
    except KeyboardInterrupt:
        pass
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # a second Ctrl-C must not leave half of it
        jobs.stop()


def _page(jobs: Jobs) -> str:
    """Start the page and return its address."""
    port = USUAL_PORT if probe.is_free(USUAL_PORT) else 0
    process = jobs.start(f"dashboard --port {port}", stdout=subprocess.PIPE)
    assert process.stdout is not None
    line: bytes = process.stdout.readline()
    if not line:
        process.wait()
        jobs.check()
    return line.decode().strip()


def _flow(posts: Iterable[Post], environment: Environment, jobs: Jobs, address: str) -> None:
    """Write the last minutes at once, and then for ever what is due."""
    now_ms = SystemClock().now_ms
    began_ms = now_ms()
    replay = Replay(posts, began_ms - BEFORE_MS)
    past = replay.until(began_ms)
    done = subprocess.run(command("ingest -"), input=past, env=environment, capture_output=True, check=False)
    if done.returncode:
        raise SandikError(done.stderr.decode().strip())
    ingest = jobs.start("ingest --pace 1x -", stdin=subprocess.PIPE)
    assert ingest.stdin is not None
    say(f"{address}?span=hour\n# Posts flow for as long as you look; Ctrl-C ends everything.")
    while True:
        jobs.check()
        with suppress(BrokenPipeError):  # the check says why
            ingest.stdin.write(replay.until(now_ms() + AHEAD_MS))
        time.sleep(0.5)


class Replay:
    """The evening over and over from `start_ms` on, SPEED times as fast, each time with new ids."""

    def __init__(self, posts: Iterable[Post], start_ms: int) -> None:
        self._posts = _again_and_again([post for post in posts if post["source"] == INVENTED], start_ms)
        self._next = next(self._posts)

    def until(self, end_ms: int) -> bytes:
        """Return the posts before the first of `end_ms` or later that were not returned yet, as lines."""
        lines = []
        while self._next["created_at_ms"] < end_ms:
            lines.append(orjson.dumps(self._next, option=orjson.OPT_APPEND_NEWLINE))
            self._next = next(self._posts)
        return b"".join(lines)


def _again_and_again(evening: list[Post], start_ms: int) -> Iterator[Post]:
    first_ms = evening[0]["created_at_ms"]
    for number in count():
        for post in evening:
            since_ms = number * EVENING_MS + post["created_at_ms"] - first_ms
            yield post | {"id": f"{post['id']}-{number}", "created_at_ms": start_ms + since_ms // SPEED}
