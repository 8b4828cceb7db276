"""Posts at a rate, and which of them a count has: exact, because each partition has a group of its own.

Where languages are counted, all posts of a partition are in one language, as the detector itself says, and
no two partitions share one. So the n-th post that a partition wrote into a window is in the count of that
window and language as soon as this is n or more.
"""

import json
import subprocess
import time
import uuid
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from bench.broker import Broker
from bench.contenders import Contender
from bench.data import PARTITIONS, WINDOW_MS, all_texts, feed, lid_texts
from bench.outputs import ALL, Counted
from bench.running import Run
from bench.setup import peers_environment, peers_python
from sandik.run_identity import load_job

SAMPLE_TEXTS = 30_000
LEAST_TEXTS = 100


class Sent(NamedTuple):
    """A post that was written."""

    partition: int
    created_at_ms: int
    sent_at_s: float


@dataclass
class Seen:
    """When each cell reached which count: (monotonic time in s, count), growing."""

    growth: dict[tuple[int, str], list[tuple[float, int]]] = field(default_factory=lambda: defaultdict(list))

    def take(self, said: Sequence[Counted]) -> None:
        """Take what a follower has just read."""
        now_s = time.monotonic()
        for cell, count in said:
            steps = self.growth[cell.window_start_ms, cell.group]
            if cell.tag == ALL and (not steps or count > steps[-1][1]):
                steps.append((now_s, count))


class Feeds(NamedTuple):
    """The texts of each partition, and the group they are counted in."""

    texts: list[list[str]]
    groups: list[str]


def feeds(broker: Broker, contender: Contender) -> Feeds:
    """Choose the texts; for the whole job this asks the detector."""
    if contender.job == "bare":
        texts = all_texts()[:SAMPLE_TEXTS]
        return Feeds([texts] * PARTITIONS, [feed(partition) for partition in range(PARTITIONS)])
    texts = all_texts()[:SAMPLE_TEXTS] + lid_texts()
    by_language: defaultdict[str, list[str]] = defaultdict(list)
    for text, annotation in zip(texts, load_job(broker.settings("")).annotate(texts), strict=True):
        by_language[annotation.language.code].append(text)
    del by_language["und"]
    largest = Counter({code: len(found) for code, found in by_language.items()}).most_common(PARTITIONS)
    if len(largest) < PARTITIONS or largest[-1][1] < LEAST_TEXTS:
        raise SystemExit("bench: the archives have too few languages")
    return Feeds([by_language[code] for code, _ in largest], [code for code, _ in largest])


def paced_prefix() -> str:
    """Return a prefix for topics of one measurement alone."""
    return f"paced{uuid.uuid4().hex[:6]}-"


@contextmanager
def paced(
    run: Run, texts: list[list[str]], rate: int, seconds: int
) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    """Write posts in a process of its own; give it and the file that says what was written."""
    sent_file, texts_file = run.dir / "sent", run.dir / "texts.json"
    texts_file.write_text(json.dumps(texts), encoding="utf-8")
    sent_file.touch()
    arguments = [run.posts_topic, str(rate), str(seconds), str(texts_file), str(sent_file)]
    command = [str(peers_python()), "-m", "bench.pace", run.broker.address, *arguments]
    with subprocess.Popen(command, env=peers_environment()) as writer:  # noqa: S603 - a module of ours
        try:
            yield writer, sent_file
        finally:
            writer.kill()


def read_sent(path: Path) -> list[Sent]:
    """Return what was written so far."""
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    rows = [line.split() for line in lines if line.endswith("\n")]
    return [Sent(int(partition), int(created), float(sent)) for partition, created, sent in rows]


def seen_at(sent: Sequence[Sent], seen: Seen, groups: Sequence[str]) -> list[tuple[Sent, float | None]]:
    """Return each post with the monotonic time of the first count that has it; None when none has."""
    places: Counter[tuple[int, str]] = Counter()
    reached: Counter[tuple[int, str]] = Counter()
    found: list[tuple[Sent, float | None]] = []
    for post in sent:
        cell = post.created_at_ms - post.created_at_ms % WINDOW_MS, groups[post.partition]
        places[cell] += 1
        steps = seen.growth.get(cell, [])
        while reached[cell] < len(steps) and steps[reached[cell]][1] < places[cell]:
            reached[cell] += 1
        found.append((post, steps[reached[cell]][0] if reached[cell] < len(steps) else None))
    return found
