"""However long the stream, ingest holds no more of it than a few batches."""

import asyncio
import json
import resource
from pathlib import Path

import pytest

from sandik.broker import EmbeddedKafka
from tests.support.command import start_sandik
from tests.support.kafka import create_topic, unique_prefix

pytestmark = pytest.mark.broker

LINE = (
    '{"id":"a:%07d","source":"a","created_at_ms":1683828000000,"lang_hint":"tr",'
    '"text":"Sandık başındayız, oy verme işlemi saat beşe kadar sürecek #Seçim2023"}\n'
)
BLOCK = "".join(LINE % number for number in range(8_000)).encode()
#: Growth of the process between an eighth of the stream and its end: noise, and nothing in proportion.
MAX_GROWTH_KB = 30_000


def resident_kb(pid: int) -> int:
    """Return the most memory the process has had."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1])


async def feed(kafka: EmbeddedKafka, stream_bytes: int) -> tuple[int, int, int]:
    """Ingest a stream of this size; return the posts produced, and the memory early on and at the end."""
    prefix = unique_prefix()
    # What is not needed any more may go: the stream is larger than a disk should have to hold.
    config = {"segment.bytes": "16777216", "retention.bytes": "33554432"}
    await create_topic(kafka.bootstrap_servers, f"{prefix}posts", 3, config)
    environment = {"SANDIK_BROKER": kafka.bootstrap_servers, "SANDIK_TOPIC_PREFIX": prefix}
    blocks = stream_bytes // len(BLOCK)
    with start_sandik("ingest", "-", "--json", environment=environment) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        early_kb = late_kb = 0
        for number in range(blocks):
            await asyncio.to_thread(process.stdin.write, BLOCK)
            if number == blocks // 8:
                early_kb = resident_kb(process.pid)
        late_kb = resident_kb(process.pid)
        process.stdin.close()
        summary = json.loads(await asyncio.to_thread(process.stdout.read))
    assert summary["produced"] == blocks * 8_000
    return summary["produced"], early_kb, late_kb


async def test_memory_does_not_grow_with_the_stream(kafka: EmbeddedKafka) -> None:
    _, early_kb, late_kb = await feed(kafka, 80_000_000)

    assert late_kb - early_kb < MAX_GROWTH_KB, f"{early_kb} kB became {late_kb} kB"


@pytest.mark.long
@pytest.mark.timeout(3_600)
async def test_memory_is_flat_over_ten_gigabytes(kafka: EmbeddedKafka) -> None:
    posts, early_kb, late_kb = await feed(kafka, 10_000_000_000)

    assert late_kb - early_kb < MAX_GROWTH_KB, f"{posts} posts: {early_kb} kB became {late_kb} kB"


@pytest.mark.long
@pytest.mark.timeout(900)
def test_memory_does_not_grow_with_what_is_put_in_order(tmp_path: Path) -> None:
    """Files of 200,000 and 800,000 posts, in no order at all: both are more than is sorted in memory."""
    peaks_kb = []
    for posts in (200_000, 800_000):
        path = tmp_path / f"{posts}.jsonl"
        with path.open("w") as file:
            file.writelines(
                (LINE % number).replace("1683828", str(1_683_000 + number * 7_919 % 100_003))
                for number in range(posts)
            )
        with start_sandik("ingest", "--check", str(path)) as process:
            process.communicate()
        # Of all children until now: the largest, so that what the second one adds is its own.
        peaks_kb.append(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)

    assert peaks_kb[1] - peaks_kb[0] < MAX_GROWTH_KB, peaks_kb
