"""Each command does with the rights that its row of docs/operate.md names, and prod's users have those."""

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandik.kafka.topics import all_topics, create
from sandik.settings import Settings
from tests.bursts.test_bursts import Receiver, finals, receiving, running, write
from tests.deploy.rights import least, of_users, rows
from tests.support.command import sandik
from tests.support.kafka import produce, wait_until
from tests.support.scene import BASE_MS, a_post, some_posts
from tests.support.strict_kafka import StrictKafka, strict_kafka
from tests.support.workers import counting, environment

ROWS = list(rows())
#: What commands say of what this user may not do.
FORBIDDEN = ("no right", "may see", "are hidden", "not compared", "does not allow", "Not authorized")
USERS = ("sandik-ingest", "sandik-operator", "sandik-bursts")
#: The others end by themselves.
ENDLESS = "bursts"
ENDING = {row.command: number for number, row in enumerate(ROWS) if row.command != ENDLESS}


@pytest.mark.parametrize("user", USERS)
def test_prods_users_have_the_sum_of_their_rows(user: str) -> None:
    needed = frozenset().union(*(row.needs for row in ROWS if row.user == user))
    given = frozenset(right._replace(user="") for right in of_users() if right.user == user)

    assert needed
    assert given == least(needed)


def test_every_command_that_an_operator_types_has_a_row() -> None:
    page = (Path(__file__).parents[2] / "deploy/runbook.md").read_text(encoding="utf-8")
    typed = {" ".join(words.split()[:2]) for words in re.findall(r"^\$ sandik (.+)$", page, re.MULTILINE)}
    known = {" ".join(row.command.split()[:2]) for row in ROWS}

    assert {one for one in typed - known if not one.startswith("ask ")} == set()  # that asks no Kafka


class Scene:
    """A broker with posts that are counted, too late and none; each row's user may do what the row says."""

    def __init__(self, strict: StrictKafka, folder: Path) -> None:
        self.strict, self.folder = strict, folder
        self.settings = Settings(
            broker=strict.kafka.bootstrap_servers,
            partitions=2,
            idle_after_ms=2_000,
            emit_every_ms=300,
            dlq_max_consecutive=3,
            bursts="on",
        )

    def run(self, user: str | None, command: str) -> str:
        """Run it in the folder, as somebody who may do all or as this user, and return what it says."""
        variables = {**environment(self.settings), **(self.strict.login(user) if user else {})}
        done = sandik(*command.split(), environment=variables, cwd=self.folder)
        said = done.stdout.decode() + done.stderr.decode()
        # A paused partition is an error to doctor, however much it may see.
        is_well = done.returncode == 0 or (command == "doctor" and b"warnings" in done.stdout)
        assert is_well, f"{command}: {said}"
        if not command.startswith("ingest"):  # which would look at clocks, too, and does without
            assert [words for words in FORBIDDEN if words in said] == [], f"{command}: {said}"
        return said

    async def set_up(self) -> None:
        await create(self.settings, all_topics(self.settings))
        late = (*a_post(200, BASE_MS - 86_400_000), 0, None)
        posts = [(key, value, 0, None) for key, value in some_posts(60)]
        bad = [(b"bad", b"no post", partition, None) for partition in (0, 1, 1, 1, 1, 1)]
        await produce(self.settings.broker, "posts", [*posts, late, *bad])  # which pause a partition
        (self.folder / "posts.jsonl").write_bytes(a_post(300, BASE_MS)[1] + b"\n")
        async with counting(self.settings, self.folder) as (workers, follower):
            worker = workers.start()

            async def are_counted() -> bool:
                is_paused = "is paused" in await asyncio.to_thread(self.run, None, "partitions paused")
                return is_paused and await follower.has(len(posts) + 1)  # the late one, as late

            await workers.until(are_counted, 120, "all posts are counted")
            assert workers.terminate(worker) == 0
        rights = [
            right._replace(user=name_of(number)) for number, row in enumerate(ROWS) for right in row.needs
        ]
        await self.strict.allow([*rights, *of_users()])


def name_of(number: int) -> str:
    return f"row{number}"


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    folder = tmp_path_factory.mktemp("strict")
    with strict_kafka(folder, [name_of(number) for number in range(len(ROWS))], USERS) as strict:
        scene = Scene(strict, folder)
        asyncio.run(scene.set_up())
        yield scene


@pytest.mark.broker
@pytest.mark.timeout(400)
@pytest.mark.parametrize("command", ENDING)
def test_a_row_names_all_that_its_command_needs(scene: Scene, command: str) -> None:
    for path in command.split():
        if path.endswith((".jsonl", ".html")) and not command.startswith("ingest"):
            (scene.folder / path).unlink(missing_ok=True)
    scene.run(name_of(ENDING[command]), command)


@pytest.mark.broker
@pytest.mark.timeout(400)
async def test_bursts_are_written_and_told_with_the_rights_of_their_row(scene: Scene) -> None:
    [number] = [number for number, row in enumerate(ROWS) if row.command == ENDLESS]
    usual = [one for minute in range(31) for one in finals(minute, 3)]
    await write(scene.settings, usual)
    revision = 1
    for user in (name_of(number), "sandik-bursts"):
        receiver = Receiver()

        async def is_told() -> bool:
            nonlocal revision
            revision += 1
            await write(scene.settings, finals(31, 40 + revision, revision))
            return bool(receiver.of("tr"))  # noqa: B023

        async with receiving(receiver) as hook:
            with running(scene.settings, hook, scene.strict.login(user)):
                await wait_until(is_told, 90, f"{user} writes bursts, and tells the webhook")


@pytest.mark.broker
@pytest.mark.timeout(400)
def test_who_logs_in_as_prods_users_do_may_do_it_and_no_more(scene: Scene) -> None:
    (scene.folder / "posts.jsonl").write_bytes(a_post(301, BASE_MS)[1] + b"\n")
    scene.run("sandik-ingest", "ingest posts.jsonl")
    assert "posts.dlq" in scene.run("sandik-operator", "doctor")
    with pytest.raises(AssertionError, match=r"denies|denied|may see"):
        scene.run("sandik-ingest", "counts --once")
    with pytest.raises(AssertionError, match=r"denies|denied|may see"):
        scene.run("sandik-operator", "worker")
