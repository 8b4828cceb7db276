"""A post of a live source whose clock is wrong is left out by itself: no other post is late because of it."""

from typing import NamedTuple

import msgspec
import pytest

from sandik.counting.state import PartitionState
from sandik.ingest.live.mastodon import Mastodon
from sandik_schemas.post import Post
from tests.ingest.live.follower import followed
from tests.ingest.live.servers import FakeServer, a_status, event, sending, serving
from tests.support.stubs import a_job


class Record(NamedTuple):
    offset: int
    timestamp: int
    value: bytes


@pytest.mark.parametrize(
    ("created_at", "became"), [("2031-05-11T18:00:00Z", "rejected"), ("2019-05-11T18:00:00Z", "late")]
)
async def test_one_wrong_clock_in_a_stream_makes_no_other_post_late(created_at: str, became: str) -> None:
    statuses = [a_status(number) for number in range(1, 20)]
    statuses[9]["created_at"] = created_at
    server = FakeServer([sending(*(event("update", status) for status in statuses))])
    async with serving(server):
        url = f"http://127.0.0.1:{server.port}/api/v1/streaming/public"
        follower = await followed(Mastodon(url, None), [], len(statuses))
    posts = [item for item in follower.items if isinstance(item, Post)]
    now_ms = max(post.created_at_ms for post in posts if post.created_at_ms != posts[9].created_at_ms)

    job, state = a_job(), PartitionState.empty("run-1", 0)
    records = [Record(at, now_ms, msgspec.json.encode(post)) for at, post in enumerate(posts)]
    counted = job.count(state, records)

    tally = counted.changes.clock.tally
    assert (tally.counted, tally.late, tally.rejected) == (18, became == "late", became == "rejected")
    assert counted.changes.clock.clock_ms == now_ms
    assert [offset for offset, _ in counted.rejected] == [9] * (became == "rejected")
