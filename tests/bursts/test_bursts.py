"""`sandik bursts` on a real Kafka: the topic, the metrics, the webhook; killed and started again."""

import asyncio
import signal
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from tempfile import TemporaryFile
from typing import Any

import msgspec
import pytest
from aiohttp import ClientSession, web

from sandik.kafka.topics import BURSTS, COUNTS, all_topics, create
from sandik.settings import Settings
from sandik_schemas.burst import Burst
from sandik_schemas.count import Count
from tests.dashboard.builders import a_count
from tests.support.command import refused, start_sandik
from tests.support.kafka import NewRecord, produce, read_topic, wait_until
from tests.support.web import serving
from tests.support.workers import environment

pytestmark = [pytest.mark.broker, pytest.mark.timeout(240)]


def finals(minute: int, posts: int, revision: int = 1) -> list[Count]:
    counts = (("all", posts + 3), ("election", posts))
    return [
        a_count(tag, minute=minute, count=count, is_final=True, revision=revision) for tag, count in counts
    ]


def records(counts: list[Count]) -> list[NewRecord]:
    return [(one.key, msgspec.json.encode(one), 0, one.window_start_ms) for one in counts]


async def write(settings: Settings, counts: list[Count]) -> None:
    await produce(settings.broker, settings.topic(COUNTS), records(counts))


async def said(settings: Settings) -> list[Burst]:
    """Return what the topic says of Turkish posts, in the order in which it was written."""
    written = await read_topic(settings.broker, settings.topic(BURSTS))
    found = [msgspec.json.decode(record.value, type=Burst) for record in written]
    return [one for one in found if one.language == "tr"]


@contextmanager
def running(settings: Settings, webhook: str, login: Mapping[str, str] | None = None) -> Iterator[str]:
    """Run the command and lend the address of its metrics; then kill it. `login` has further variables."""
    variables = environment(settings) | {"SANDIK_BURSTS": "on", "SANDIK_BURSTS_WEBHOOK": webhook}
    variables |= login or {}
    with (
        TemporaryFile() as log,
        start_sandik("bursts", "--port", "0", environment=variables, stderr=log) as process,
    ):
        try:
            assert process.stdout is not None
            line = process.stdout.readline().decode().strip()
            log.seek(0)
            assert line, log.read().decode()
            yield line
        finally:
            process.kill()


class Receiver:
    """A webhook that is in trouble for as long as `is_down`."""

    def __init__(self) -> None:
        self.is_down = False
        self.refused = 0
        self.taken: list[dict[str, Any]] = []

    async def take(self, request: web.Request) -> web.Response:
        if self.is_down:
            self.refused += 1
            return web.Response(status=500)
        self.taken.append(await request.json())
        return web.Response(status=204)

    def of(self, language: str) -> list[dict[str, Any]]:
        return [one for one in self.taken if one["language"] == language]


@asynccontextmanager
async def receiving(receiver: Receiver) -> AsyncIterator[str]:
    app = web.Application()
    app.add_routes([web.post("/hook", receiver.take)])
    async with serving(app) as url:
        yield f"{url}/hook"


async def test_bursts_are_written_counted_taken_back_and_told_though_it_is_killed(
    worker_settings: Settings,
) -> None:
    settings = worker_settings.model_copy(update={"bursts": "on"})
    await create(settings, all_topics(settings))
    receiver, numbers = Receiver(), ""
    await write(settings, [one for minute in range(35) for one in finals(minute, 30 if minute == 20 else 3)])

    async def there_are(bursts: int) -> bool:
        return len(await said(settings)) == bursts

    async with receiving(receiver) as hook:
        with running(settings, hook) as metrics:
            await wait_until(lambda: there_are(1), 60, "the burst of minute 20")
            async with ClientSession() as session:
                await wait_until(lambda: is_ready(session, metrics), 30, "the topic is right")
                receiver.is_down = True
                await asyncio.sleep(2)  # until the webhook has begun; what came before is no news
                await write(settings, finals(35, 40))
                await wait_until(lambda: is_refused(receiver), 60, "the webhook is asked")

                async def both_are_counted() -> bool:
                    nonlocal numbers
                    async with session.get(metrics) as answer:
                        numbers = await answer.text()
                    return 'sandik_bursts_total{language="tr",tag="election"} 2.0' in numbers

                # The webhook may read a burst before its writer hears that Kafka has it.
                await wait_until(both_are_counted, 60, "both bursts are in the metrics")
        receiver.is_down = False
        with running(settings, hook):
            await wait_until(lambda: has_taken(receiver, 1), 60, "it is told after all")
            # Late posts make the minutes before as high.
            corrected = [one for minute in range(21, 35) for one in finals(minute, 40, revision=2)]
            await write(settings, corrected)
            await wait_until(lambda: has_taken(receiver, 2), 60, "it is told that it was none")

    old, burst = (await said(settings))[:2]
    assert (old.is_burst, old.count, burst.is_burst, burst.count) == (True, 30, True, 40)
    assert 'sandik_bursts_webhook_total{outcome="delivered"} 0.0' in numbers
    of_last = [one for one in receiver.of("tr") if one["window_start_ms"] == burst.window_start_ms]
    assert [one["is_burst"] for one in of_last] == [True, False]
    assert of_last[0]["id"] == f"{burst.key.decode()}|{burst.revision}"
    assert of_last[0]["text"].startswith("Turkish, election: 40 posts from ")
    assert old.window_start_ms not in [one["window_start_ms"] for one in receiver.taken]


async def is_ready(session: ClientSession, metrics: str) -> bool:
    async with session.get(metrics.replace("/metrics", "/readyz")) as answer:
        return answer.status == 200


async def is_refused(receiver: Receiver) -> bool:
    return receiver.refused > 0


async def has_taken(receiver: Receiver, news: int) -> bool:
    last = [one["is_burst"] for one in receiver.of("tr") if one["count"] == 40]
    return True in last if news == 1 else False in last


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "sigterm"])
@pytest.mark.parametrize("is_at_work", [True, False])
async def test_it_ends_well_at_work_and_while_kafka_is_away(
    worker_settings: Settings, number: signal.Signals, is_at_work: bool
) -> None:
    settings = worker_settings.model_copy(update={"bursts": "on"})
    await create(settings, all_topics(settings))
    variables = environment(settings) | {"SANDIK_BURSTS": "on", "SANDIK_BURSTS_WEBHOOK": "http://127.0.0.1:1"}
    if not is_at_work:
        variables |= {"SANDIK_BROKER": "127.0.0.1:1"}
    with (
        TemporaryFile() as log,
        start_sandik("bursts", "--port", "0", environment=variables, stderr=log) as it,
    ):
        assert it.stdout is not None
        metrics = it.stdout.readline().decode().strip()
        async with ClientSession() as session:
            if is_at_work:
                await wait_until(lambda: is_ready(session, metrics), 60, "it follows both topics")
        it.send_signal(number)
        code = await asyncio.to_thread(it.wait, 30)
        log.seek(0)
        said = log.read()

    assert code == 0, said
    assert b"Traceback" not in said
    assert b"Unclosed" not in said


def test_without_the_topic_it_says_what_to_do() -> None:
    refused("bursts", says="there is no topic `bursts`: set SANDIK_BURSTS=on")
