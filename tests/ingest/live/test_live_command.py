"""The command on a live source: Ctrl-C and a restart lose nothing and repeat nothing."""

import asyncio
import json
import signal
from pathlib import Path
from typing import Any

import pytest

from sandik.broker import EmbeddedKafka
from tests.ingest.live.servers import FakeServer, frames, oy, sending, serving
from tests.support.command import start_sandik
from tests.support.kafka import create_topic, read_topic, unique_prefix, wait_until

pytestmark = pytest.mark.broker


async def test_ctrl_c_and_a_restart_lose_nothing_and_repeat_nothing(
    kafka: EmbeddedKafka, tmp_path: Path
) -> None:
    prefix = unique_prefix()
    await create_topic(kafka.bootstrap_servers, f"{prefix}posts", 3)
    environment = {"SANDIK_BROKER": kafka.bootstrap_servers, "SANDIK_TOPIC_PREFIX": prefix}
    cursor = tmp_path / "cursor.json"

    async def texts() -> list[str]:
        records = await read_topic(kafka.bootstrap_servers, f"{prefix}posts")
        return sorted((json.loads(record.value or b"")["text"] for record in records), key=len)

    async def run_until(address: str, posts: int) -> tuple[int, dict[str, Any]]:
        async def arrived() -> bool:
            return len(await texts()) >= posts

        arguments = ("ingest", address, "--cursor", str(cursor), "--json")
        with start_sandik(*arguments, environment=environment) as process:
            await wait_until(arrived, 90, f"{posts} posts are in Kafka")
            process.send_signal(signal.SIGINT)
            output, _ = await asyncio.to_thread(process.communicate)
        return process.returncode, json.loads(output)

    scripts = [sending(*frames(*range(10, 20))), sending(*frames(*range(15, 30)))]
    async with serving(FakeServer(scripts)) as server:
        address = f"ws://127.0.0.1:{server.port}/subscribe"
        first_code, first = await run_until(address, 10)
        second_code, second = await run_until(address, 20)

    assert sorted(await texts()) == oy(*range(10, 30))
    assert (first_code, second_code) == (130, 130)
    assert (first["produced"], second["produced"], second["skipped"]) == (10, 10, {"duplicate": 5})
