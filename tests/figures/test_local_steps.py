"""Laws of the steps of a zone's clock."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandik.comparison.rollup import rolled_up
from sandik.errors import UsageError
from sandik.figures.local_steps import check_step, step_of, zone_of
from sandik.replay.read_results import Cell

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
times = st.integers(946_684_800_000, 2_000_000_000_000)
_NAMES = ["UTC", "Europe/Istanbul", "Europe/Berlin", "Asia/Kolkata", "America/New_York"]
zones = st.sampled_from(_NAMES).map(ZoneInfo)
steps = st.sampled_from([HOUR_MS // 4, HOUR_MS, 6 * HOUR_MS, DAY_MS, 7 * DAY_MS])


@given(times, zones, steps)
def test_every_time_is_in_its_step_and_all_times_of_a_step_say_the_same(
    time_ms: int, zone: ZoneInfo, step_ms: int
) -> None:
    start_ms, end_ms = step_of(time_ms, step_ms, zone)

    assert start_ms <= time_ms < end_ms
    assert step_of(start_ms, step_ms, zone) == step_of(end_ms - 1, step_ms, zone) == (start_ms, end_ms)
    assert step_of(end_ms, step_ms, zone)[0] == end_ms


@given(times, zones)
def test_a_day_begins_at_midnight_of_its_zone(time_ms: int, zone: ZoneInfo) -> None:
    start_ms, end_ms = step_of(time_ms, DAY_MS, zone)
    start = datetime.fromtimestamp(start_ms / 1000, UTC).astimezone(zone)

    assert (start.hour, start.minute) == (0, 0)
    assert end_ms - start_ms in (23 * HOUR_MS, DAY_MS, 25 * HOUR_MS)


@given(
    st.dictionaries(st.integers(0, 400), st.integers(1, 9), min_size=1),
    zones.filter(lambda z: z.key != "Asia/Kolkata"),
)
def test_the_sum_stays_what_it_was(posts: dict[int, int], zone: ZoneInfo) -> None:
    start_ms = 1_683_795_600_000
    counts = {
        Cell(start_ms + hour * HOUR_MS, start_ms + (hour + 1) * HOUR_MS, "tr", "all"): count
        for hour, count in posts.items()
    }

    assert sum(rolled_up(counts, DAY_MS, zone).values()) == sum(posts.values())


def test_a_window_that_lies_in_two_days_is_an_error() -> None:
    cell = Cell(1_683_763_200_000, 1_683_763_200_000 + HOUR_MS, "tr", "all")
    midnight_in_it = {cell._replace(window_start_ms=cell.window_start_ms - 6 * HOUR_MS): 1}
    with pytest.raises(UsageError, match="shorter --window"):
        rolled_up(midnight_in_it, DAY_MS, zone_of("Europe/Istanbul"))


def test_what_is_no_step_and_no_zone_is_said() -> None:
    for step_ms in (7 * HOUR_MS, 36 * HOUR_MS):
        with pytest.raises(UsageError, match="divide a day"):
            check_step(step_ms)
    with pytest.raises(UsageError, match="not a time zone"):
        zone_of("Istanbul/Europe")
