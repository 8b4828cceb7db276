"""`make demo`: the whole path on a real Kafka, from posts in a file to counts on the screen.

Every step is a command that you can type yourself; each is shown before it runs. At a terminal a page that
moves follows, until Ctrl-C.
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import orjson
from live import watch
from shell import ROOT, Environment, Up, as_text, command, sandik, say

from sandik.errors import SandikError

POSTS = "deploy/demo/posts.jsonl"
DEADLINE_S = 120

SETTINGS = {
    # Names and dates that meant the election in the weeks of these posts, beside the usual words.
    "SANDIK_LEXICON": "builtin,events/turkey-2023,events/us-2024",
    "SANDIK_WINDOW_SIZE_MS": "300000",  # the sample is an evening and two days: five minutes suit it
    "SANDIK_IDLE_AFTER_MS": "2000",  # the file ends, and nobody wants to wait for the last windows
}


def main() -> int:
    """Run the demo; return 0 when every post is accounted for."""
    for number in (signal.SIGTERM, signal.SIGHUP):  # they would end us alone, and leave what we have started
        signal.signal(number, signal.default_int_handler)
    posts = [orjson.loads(line) for line in (ROOT / POSTS).read_bytes().splitlines()]
    with tempfile.TemporaryDirectory(prefix="sandik-demo-") as data_dir:
        own = {"SANDIK_DATA_DIR": data_dir, "SANDIK_OPS_PORT": "0"}
        environment = {**os.environ, **SETTINGS, **own}
        environment.pop("SANDIK_BROKER", None)  # the demo has a Kafka of its own
        say(f"Settings of this demo: {as_text(SETTINGS)}")
        with Up(POSTS, environment) as up:
            environment["SANDIK_BROKER"] = up.until(lambda line: "export SANDIK_BROKER=" in line).split("=")[
                1
            ]
            up.until(lambda line: " counted" in line and " to go" not in line)
            up.listen_no_more()
            counted, late = show_counts(environment, up, len(posts))
            told = f"{len(posts)} posts: {counted} counted + {late} too late (in posts.late)."
            is_watched = sys.stdin.isatty() and sys.stdout.isatty()
            if is_watched:
                say(told)
                watch(posts, environment, Path(data_dir))
    say("Nothing is left running." if is_watched else f"{told} Nothing is left running.")
    return 0


def show_counts(environment: Environment, up: Up, posts: int) -> tuple[int, int]:
    """Show the counts once they are complete; return (counted, late)."""
    found = wait_for_counts(environment, up, posts)
    say("An evening in May 2023, three days before the vote (posts written for this demo)")
    sandik("counts --once --to 2023-05-12", environment)
    say("Election night in the United States, November 2024 (real posts of Russian Telegram channels)")
    sandik("counts --once --from 2024-11-06T05:00Z --to 2024-11-06T09:00Z", environment)
    return found


def wait_for_counts(environment: Environment, up: Up, posts: int) -> tuple[int, int]:
    """Return (counted, late) as soon as they are all the posts, and only what is newest is not final."""
    deadline_s = time.monotonic() + DEADLINE_S
    while time.monotonic() < deadline_s and up.is_running:
        out = subprocess.run(
            command("counts --once --json --tag all"), env=environment, stdout=subprocess.PIPE, check=True
        )
        latest = {
            (one["window_start_ms"], one["language"]): one
            for one in map(orjson.loads, out.stdout.splitlines())
        }
        cells = latest.values()
        counted, late = (sum(one[name] for one in cells) for name in ("count", "late_count"))
        newest_ms = max((one["window_start_ms"] for one in cells), default=0)
        if counted + late == posts and all(
            one["is_final"] for one in cells if one["window_start_ms"] < newest_ms
        ):
            return counted, late
    raise SandikError(f"not all of the {posts} posts were counted within {DEADLINE_S} s")


if __name__ == "__main__":
    try:
        sys.exit(main())
    except SandikError as error:
        sys.exit(f"demo: {error}")
    except subprocess.CalledProcessError as error:
        sys.exit(error.returncode)
    except KeyboardInterrupt:
        sys.exit(130)
