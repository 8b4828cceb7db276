"""`docker compose up`, for real: three workers, a Kafka and a worker killed, exact counts, and the page."""

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from sandik.run_identity import load_job
from sandik.settings import Settings
from sandik_schemas.count import Count
from tests.deploy.live.engine import Engine
from tests.deploy.runbook import first_commands
from tests.deploy.test_runbook import service_of, told
from tests.support.scene import BASE_MS, a_post, some_posts
from tests.support.truth import single_pass

pytestmark = [pytest.mark.deploy, pytest.mark.timeout(3000)]

POSTS = 3_000
WRITE_NO_POST = """
import asyncio
from aiokafka import AIOKafkaProducer
async def write():
    async with AIOKafkaProducer(bootstrap_servers="kafka:19092") as producer:
        await producer.send_and_wait("posts", b"no post", b"bad")
asyncio.run(write())
"""
#: On a busy machine a start takes a minute, and Faust gives up on a Kafka that is away after another.
PATIENCE_S = 420.0


@pytest.fixture(scope="module")
def stack(docker: Engine) -> Iterator[Engine]:
    docker.use()
    with docker.up("--scale", "worker=3"):
        yield docker


def wait_for(condition: Callable[[], bool], what: str) -> None:
    give_up_s = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < give_up_s, f"not within {PATIENCE_S:.0f} s: {what}"
        time.sleep(2)


def ingest(stack: Engine, folder: Path, posts: list[tuple[bytes, bytes]]) -> None:
    file = folder / "posts.jsonl"
    file.write_bytes(b"".join(value + b"\n" for _, value in posts))
    stack.compose("exec", "-T", "worker", "sandik", "ingest", "--format", "jsonl", "-", stdin=file)


def counted(stack: Engine) -> Counter[bytes]:
    lines = stack.compose("exec", "-T", "worker", "sandik", "counts", "--once", "--json").splitlines()
    counts = (msgspec.json.decode(line, type=Count) for line in lines)
    return Counter({count.key: count.count for count in counts if count.count})


def truth(posts: list[tuple[bytes, bytes]], lexicon: str = "builtin") -> Counter[bytes]:
    found = [msgspec.json.decode(value) for _, value in posts]
    return single_pass(
        [(post["created_at_ms"], post["text"], post.get("lang_hint")) for post in found],
        load_job(Settings.model_construct(lexicon=lexicon)),
    )


def containers(stack: Engine, service: str) -> list[str]:
    return stack.compose("ps", "--all", "--quiet", service).split()


def restarts(stack: Engine) -> list[int]:
    found = json.loads(stack.docker("inspect", *containers(stack, "worker")))
    return [one["RestartCount"] for one in found]


def test_counts_are_exact_after_kafka_and_a_worker_were_killed(stack: Engine, tmp_path: Path) -> None:
    posts = some_posts(POSTS)
    ingest(stack, tmp_path, posts[: POSTS // 2])
    wait_for(lambda: bool(counted(stack)), "the first counts")
    killed = containers(stack, "worker")[-1]
    stack.docker("kill", killed)
    stack.compose("kill", "kafka")

    def has_gone() -> bool:
        return stack.compose("logs", "--no-log-prefix", "worker").count("Kafka does not answer (") >= 2

    wait_for(has_gone, "both workers that are left have noticed that Kafka has gone")
    stack.compose("up", "--detach", "--wait", "--scale", "worker=3")
    ingest(stack, tmp_path, posts[POSTS // 2 :])
    expected = truth(posts)
    wait_for(lambda: counted(stack).total() >= expected.total(), f"all {POSTS} posts are counted")

    assert counted(stack) == expected
    assert restarts(stack) == [0, 0, 0]  # those that were left waited


def test_the_page_answers_with_the_counts(stack: Engine) -> None:
    assert "<html" in stack.get("http://127.0.0.1:8080/")
    assert '"tr"' in stack.get("http://127.0.0.1:8080/api/counts")


def test_every_first_command_of_the_runbook_works_in_a_worker(stack: Engine, tmp_path: Path) -> None:
    ingest(stack, tmp_path, [*some_posts(100), a_post(200, BASE_MS - 86_400_000)])
    stack.compose("exec", "-T", "worker", "python", "-c", WRITE_NO_POST)
    for topic in ("dlq", "late"):
        listed = ("exec", "-T", "worker", "sandik", topic, "list")
        wait_for(lambda: bool(stack.compose(*listed).strip()), f"{topic} has a record")  # noqa: B023
    for commands in first_commands().values():
        for words in commands:
            answer = stack.compose("exec", "-T", service_of(words), *words)
            # There are three workers, of which each has metrics of its own.
            wanted = [
                part for part in told(" ".join(words)) if part != "1 workers" and "metrics" not in words
            ]
            assert [part for part in wanted if part not in answer] == [], words
    assert stack.compose("logs", "--tail", "1", "worker")
