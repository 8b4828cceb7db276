"""The second half of `make demo`, at a terminal only: the evening as if most of it had just been, on a page.

It uses its own topics, so the counts that were printed do not change. Only the invented posts are moved to
the present: the real ones keep their dates.
"""

import signal
import subprocess
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path

import orjson
from evening import BEGIN_MS, MINUTE_MS, MINUTES, Post, evening
from shell import Environment, Jobs, Up, as_text, command, say

from sandik.clock import SystemClock
from sandik.errors import SandikError

SETTINGS = {
    "SANDIK_TOPIC_PREFIX": "live-",
    "SANDIK_PARTITIONS": "2",  # enough for a few posts a second
    "SANDIK_WINDOW_SIZE_MS": "30000",
    "SANDIK_MAX_DISORDER_MS": "5000",
    "SANDIK_IDLE_AFTER_MS": "2000",
}
#: How much of the evening has been when the page opens.
BEFORE_MS = 78 * MINUTE_MS
#: How far ahead posts are written; `--pace` holds each one back until it is due.
AHEAD_MS = 3_000


def watch(posts: Iterable[Post], environment: Environment, data_dir: Path) -> None:
    """Show the page and keep posts coming until Ctrl-C, or until the terminal is closed.

    Raises:
        SandikError: one of the commands ended by itself.
    """
    environment = environment | SETTINGS | {"SANDIK_DATA_DIR": str(data_dir / "live")}
    say("The whole evening as if it were now, with these settings:")
    print(as_text({"SANDIK_BROKER": environment["SANDIK_BROKER"], **SETTINGS}), flush=True)
    jobs = Jobs(environment, data_dir)
    try:
        with Up("", environment) as up:
            address = up.until(lambda line: line.startswith("http://"))
            up.stop_listening()
            try:
                _flow(posts, environment, jobs, up, address)
            finally:
                signal.signal(signal.SIGINT, signal.SIG_IGN)  # a second Ctrl-C must not leave half of it
                jobs.stop()
    except KeyboardInterrupt:
        pass


def _flow(posts: Iterable[Post], environment: Environment, jobs: Jobs, up: Up, address: str) -> None:
    """Write what has been at once, then each post when it is due, without end."""
    now_ms = SystemClock().now_ms
    began_ms = now_ms()
    replay = Replay(posts, began_ms - BEFORE_MS)
    past = replay.until(began_ms)
    done = subprocess.run(
        # In this order, in which some are late.
        command("ingest --order as-is -"),
        input=past,
        env=environment,
        capture_output=True,
        check=False,
    )
    if done.returncode:
        raise SandikError(done.stderr.decode().strip())
    ingest = jobs.start("ingest --pace 1x -", stdin=subprocess.PIPE)
    assert ingest.stdin is not None
    say(f"{address}?span=hour\n# Posts keep coming; Ctrl-C ends everything.")
    while up.is_running:
        jobs.check()
        with suppress(BrokenPipeError):  # the check says why
            ingest.stdin.write(replay.until(now_ms() + AHEAD_MS))
        time.sleep(0.5)
    raise SandikError(f"`sandik up` ended; its logs are in {environment['SANDIK_DATA_DIR']}")


class Replay:
    """The evening from `start_ms` on; when it is over, its end again and again, with new ids each time."""

    def __init__(self, posts: Iterable[Post], start_ms: int) -> None:
        self._posts = _without_end(evening(posts), start_ms)
        self._next = next(self._posts)

    def until(self, end_ms: int) -> bytes:
        """Return the posts due before `end_ms` that were not returned yet, as lines."""
        lines = []
        while self._next["created_at_ms"] < end_ms:
            lines.append(orjson.dumps(self._next, option=orjson.OPT_APPEND_NEWLINE))
            self._next = next(self._posts)
        return b"".join(lines)


def _without_end(posts: list[Post], start_ms: int) -> Iterator[Post]:
    yield from (post | {"created_at_ms": start_ms + _since_ms(post)} for post in posts)
    end = [post for post in posts if _since_ms(post) >= BEFORE_MS]
    length_ms = MINUTES * MINUTE_MS - BEFORE_MS
    for number in count(1):
        for post in end:
            at_ms = start_ms + _since_ms(post) + number * length_ms
            yield post | {"id": f"{post['id']}-{number}", "created_at_ms": at_ms}


def _since_ms(post: Post) -> int:
    return int(post["created_at_ms"]) - BEGIN_MS
