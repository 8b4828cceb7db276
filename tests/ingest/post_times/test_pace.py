from collections.abc import AsyncIterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandik.errors import UsageError
from sandik.ingest.items import Item
from sandik.ingest.post_times.pace import RESOLUTION_S, paced, speed_of
from sandik_schemas.post import Post


class Clock:
    """A clock on which only sleeping takes time."""

    def __init__(self) -> None:
        self.now_s = 1_000.0

    def now(self) -> float:
        return self.now_s

    async def sleep(self, seconds: float) -> None:
        self.now_s += seconds


def posts(*seconds: float) -> list[Item]:
    return [Post(f"a:{n}", "a", int(s * 1000), "oy") for n, s in enumerate(seconds)]


async def arrivals(items: list[Item], speed: float, batch: int = 3) -> list[tuple[Item, float]]:
    """Return each item with the second, counted from the first, at which it came."""

    async def source() -> AsyncIterator[Sequence[Item]]:
        for start in range(0, len(items), batch):
            yield items[start : start + batch]

    clock = Clock()
    began_s = clock.now_s
    return [
        (item, clock.now_s - began_s)
        async for due in paced(source(), speed, clock.now, clock.sleep)
        for item in due
    ]


@given(
    st.lists(st.integers(0, 10_000), min_size=1).map(sorted),
    st.sampled_from([0.5, 1.0, 60.0]),
    st.integers(1, 5),
)
async def test_posts_of_a_sorted_archive_come_when_they_are_due(
    seconds: list[int], speed: float, batch: int
) -> None:
    items = posts(*seconds)

    came = await arrivals(items, speed, batch)
    assert [item for item, _ in came] == items
    for second, (_, came_s) in zip(seconds, came, strict=True):
        assert (second - seconds[0]) / speed - RESOLUTION_S <= came_s <= (second - seconds[0]) / speed + 1e-6


async def test_a_late_post_is_not_held_back_and_delays_nobody() -> None:
    came = await arrivals(posts(100, 160, 100, 220), 60.0)

    assert [round(second, 3) for _, second in came] == [0, 1, 1, 2]


async def test_an_edit_has_no_time_of_its_own() -> None:
    edit = Post("a:9", "a", 10**12, "oy", op="update")
    came = await arrivals([*posts(0), edit, *posts(1)], 1.0)

    assert [round(second, 3) for _, second in came] == [0, 0, 1]


async def test_what_is_out_does_not_wait_for_what_is_not() -> None:
    async def source() -> AsyncIterator[Sequence[Item]]:
        yield posts(0, 60)

    clock = Clock()
    batches = [list(due) async for due in paced(source(), 1.0, clock.now, clock.sleep)]

    assert [len(batch) for batch in batches] == [1, 0, 1], "no empty list before the pause: nothing is sent"


@pytest.mark.parametrize(("pace", "speed"), [("1x", 1.0), ("60x", 60.0), ("0.5x", 0.5)])
def test_a_pace_is_a_number_and_an_x(pace: str, speed: float) -> None:
    assert speed_of(pace) == speed


@pytest.mark.parametrize("pace", ["", "x", "0x", "-1x", "60", "fast", "1 x"])
def test_anything_else_is_a_usage_error(pace: str) -> None:
    with pytest.raises(UsageError, match="--pace"):
        speed_of(pace)
