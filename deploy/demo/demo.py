"""`make demo`: the whole path on a real Kafka, from posts in a file to counts on the screen.

Every step is a command that you can type yourself; each is shown before it runs. At a terminal the page
follows, until Ctrl-C.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import orjson
from live import watch
from shell import ROOT, Environment, as_text, command, sandik, say, show

from streams.broker import EmbeddedKafka
from streams.errors import SandikError

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
    posts = [orjson.loads(line) for line in (ROOT / POSTS).read_bytes().splitlines()]
    with tempfile.TemporaryDirectory(prefix="sandik-demo-") as data_dir:
        say("Starting a real Kafka: `sandik broker` (the first time, its jars are fetched)")
        with EmbeddedKafka(Path(data_dir) / "kafka") as kafka:
            own = {"SANDIK_BROKER": kafka.bootstrap_servers, "SANDIK_OPS_PORT": "0"}
            environment = {**os.environ, **SETTINGS, **own}
            counted, late = count_the_sample(environment, len(posts))
            told = f"{len(posts)} posts: {counted} counted + {late} too late (in posts.late)."
            if not (sys.stdin.isatty() and sys.stdout.isatty()):
                say(f"{told} Nothing is left running.")
                return 0
            say(told)
            watch(posts, environment, Path(data_dir))
    say("Nothing is left running.")
    return 0


def count_the_sample(environment: Environment, posts: int) -> tuple[int, int]:
    """Create the topics, ingest, count with a worker, show the counts; return (counted, late)."""
    say(f"Settings of this demo: {as_text(SETTINGS)}")
    sandik("topics create", environment)
    sandik(f"ingest {POSTS} --order as-is", environment)  # some of its posts are late, to be seen

    show("worker &")
    worker = subprocess.Popen(command("worker"), env=environment, cwd=ROOT)
    try:
        found = wait_for_counts(environment, worker, posts)
    finally:
        worker.terminate()
        worker.wait()

    say("An evening in May 2023, three days before the vote (posts written for this demo)")
    sandik("counts --once --to 2023-05-12", environment)
    say("Election night in the United States, November 2024 (real posts of Russian Telegram channels)")
    sandik("counts --once --from 2024-11-06T05:00 --to 2024-11-06T09:00", environment)
    return found


def wait_for_counts(environment: Environment, worker: subprocess.Popen[bytes], posts: int) -> tuple[int, int]:
    """Return (counted, late) as soon as they are all the posts, and only what is newest is not final."""
    deadline_s = time.monotonic() + DEADLINE_S
    while time.monotonic() < deadline_s and worker.poll() is None:
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
