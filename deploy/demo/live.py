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
from shell import Environment, Jobs, Up, as_text, command, say

from sandik.clock import SystemClock
from sandik.errors import SandikError

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

Post = dict[str, Any]


def watch(posts: Iterable[Post], environment: Environment, data_dir: Path) -> None:
    """Show the page and keep posts flowing until Ctrl-C, or until the terminal is closed.

    Raises:
        SandikError: one of the commands has ended by itself.
    """
    environment = environment | SETTINGS | {"SANDIK_DATA_DIR": str(data_dir / "live")}
    say("Now the same evening as if it were now, half an hour in a minute, beside it. Settings of its own:")
    print(as_text({"SANDIK_BROKER": environment["SANDIK_BROKER"], **SETTINGS}), flush=True)
    jobs = Jobs(environment, data_dir)
    try:
        with Up("", environment) as up:
            address = up.until(lambda line: line.startswith("http://"))
            up.listen_no_more()
            try:
                _flow(posts, environment, jobs, up, address)
            finally:
                signal.signal(signal.SIGINT, signal.SIG_IGN)  # a second Ctrl-C must not leave half of it
                jobs.stop()
    except KeyboardInterrupt:
        pass


def _flow(posts: Iterable[Post], environment: Environment, jobs: Jobs, up: Up, address: str) -> None:
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
    while up.is_running:
        jobs.check()
        with suppress(BrokenPipeError):  # the check says why
            ingest.stdin.write(replay.until(now_ms() + AHEAD_MS))
        time.sleep(0.5)
    raise SandikError(f"`sandik up` has ended: see {environment['SANDIK_DATA_DIR']}")


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
