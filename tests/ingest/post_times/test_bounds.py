from hypothesis import given
from hypothesis import strategies as st

from sandik.ingest.items import Rejected, Skipped, SkipReason
from sandik.ingest.post_times.bounds import bounded
from sandik_schemas.post import MIN_CREATED_AT_MS, Post

NOW_MS = 1_700_000_000_000
AHEAD_MS = 300_000


@given(st.integers(-(2**70), 2**70))
def test_a_post_lies_between_2000_and_a_little_after_now_or_is_rejected(created_at_ms: int) -> None:
    post = Post("a:1", "a", created_at_ms, "oy")
    item = bounded(AHEAD_MS, lambda: NOW_MS)(post)

    if MIN_CREATED_AT_MS <= created_at_ms <= NOW_MS + AHEAD_MS:
        assert item is post
    else:
        assert isinstance(item, Rejected)
        assert (item.reason, item.where) == ("bad_time", "post a:1")


def test_what_is_no_post_passes() -> None:
    item = Skipped(SkipReason.SERVICE)
    assert bounded(AHEAD_MS, lambda: NOW_MS)(item) is item
