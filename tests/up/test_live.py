"""`sandik up` with a live source: read, killed, and read on from its cursor; refused, and ended."""

from pathlib import Path

import pytest

from sandik.settings import Settings
from tests.ingest.live.servers import FakeServer, frames, sending, serving
from tests.support.kafka import wait_until
from tests.support.workers import environment
from tests.up.running import DEADLINE_S, processes, up

pytestmark = [pytest.mark.broker, pytest.mark.timeout(600)]


async def test_a_live_source_that_is_killed_goes_on_from_its_cursor_in_this_run_and_the_next(
    worker_settings: Settings, tmp_path: Path
) -> None:
    # The server answers no ping, so a connection is cut after a while, too. Each sends a post more, and
    # again the last one of that before it.
    scripts = [sending(*frames(number, number + 1)) for number in range(1, 100)]
    async with serving(FakeServer(scripts)) as server:
        source = f"ws://127.0.0.1:{server.port}/subscribe?token=secret"
        with up(tmp_path, source, environment=environment(worker_settings)) as one:
            await one.until_said("127.0.0.1 is read")
            since, asked = len(one.said), len(server.queries)

            one.process_of("ingest").kill()

            await one.until_said("`sandik ingest` was ended by signal 9", since)
            await wait_until(lambda: len(server.queries) > asked, DEADLINE_S, "it is read again")
            await one.until_said("127.0.0.1 is read", since)
            assert one.end() == 0
            assert "secret" not in one.said
            assert processes(one.mark) == []
        with up(tmp_path, source, environment=environment(worker_settings)) as again:

            async def all_are_counted() -> bool:
                counts = await again.counts()
                return sum(count for count, _ in counts.values()) == 1 + len(server.queries)

            await again.until_said("worker ready | page ready | 127.0.0.1 is read")
            await wait_until(all_are_counted, DEADLINE_S, "every post is counted, and once")
            assert again.end() == 0

    assert "cursor" not in server.queries[0]
    assert all("cursor" in query for query in server.queries[1:])


async def test_a_live_source_that_lets_nobody_in_ends_everything_and_says_so(
    worker_settings: Settings, tmp_path: Path
) -> None:
    async with serving(FakeServer([sending()])) as server:
        source = f"ws://127.0.0.1:{server.port}/no-such-place"
        with up(tmp_path, source, environment=environment(worker_settings)) as one:
            await one.until_said("`sandik ingest` has ended with exit code 1")
            assert one.wait() == 1
            assert processes(one.mark) == []
