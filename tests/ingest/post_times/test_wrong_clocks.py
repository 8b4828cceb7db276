"""Laws of wrong clocks: one among other posts is set aside; whoever was silent for long is never hurt."""

from collections.abc import Sequence

from hypothesis import assume, given
from hypothesis import strategies as st

from sandik.ingest.items import Item, Rejected, RejectReason
from sandik.ingest.post_times.sorting import Aside, Sorter
from sandik.ingest.post_times.wrong_clocks import (
    ALWAYS_FEW,
    DAY_MS,
    MAX_SHARE,
    MIN_BEFORE,
    MIN_GAP_MS,
    MIN_RATIO,
    Watch,
)
from sandik_schemas.post import Post

BEGIN_MS = 1_683_828_000_000
YEAR_MS = 365 * DAY_MS
#: The time between two posts of an archive: seconds, hours, and the silences of people.
gaps = st.one_of(
    st.integers(0, 60_000), st.integers(0, DAY_MS), st.integers(0, 40 * DAY_MS), st.integers(0, 6 * YEAR_MS)
)


def a_file(number: int, times: Sequence[int]) -> list[Item]:
    return [Post(f"{number}:{at}", "s", time, "oy ver") for at, time in enumerate(times)]


def told(files: Sequence[Sequence[int]]) -> tuple[list[int], list[str], Watch]:
    """Return the times of the posts that come through, the ids of those set aside, and what watched."""
    sorter = Sorter()
    watch = Watch(sorter.sorting, [f"file{number}" for number in range(len(files))])
    reading = [(number, watch.reading(number, a_file(number, times))) for number, times in enumerate(files)]
    times_ms, aside = [], []
    for one in watch.through(sorter.in_order(reading)):
        if isinstance(one, Aside):
            assert isinstance(one.item, Rejected)
            assert one.item.reason == RejectReason.CLOCK_APART
            aside.append(one.item.where)
        else:
            times_ms += [post.created_at_ms for post in one.posts]
    return times_ms, aside, watch


@st.composite
def personal(draw: st.DrawFn) -> list[int]:
    """An archive of somebody who writes when they like, oldest or newest first."""
    times = [BEGIN_MS]
    for gap_ms in draw(st.lists(gaps, max_size=60)):
        times.append(times[-1] + gap_ms)
    return times if draw(st.booleans()) else times[::-1]


@given(st.lists(personal(), min_size=1, max_size=4))
def test_archives_in_order_lose_nothing_however_long_their_silences(files: list[list[int]]) -> None:
    """Several at once, too: that one ends years before another says nothing of either."""
    times_ms, aside, _ = told(files)

    assert (times_ms, aside) == (sorted(time for file in files for time in file), [])


@st.composite
def with_a_wrong_clock(draw: st.DrawFn) -> tuple[list[int], set[int]]:
    """An archive in order, of any density, and the places of posts whose clocks are far ahead of it."""
    steps = draw(st.lists(st.integers(0, DAY_MS), min_size=MIN_BEFORE + 1, max_size=400))
    times = [BEGIN_MS]
    for step_ms in steps:
        times.append(times[-1] + step_ms)
    if draw(st.booleans()):
        times.reverse()
    wrong = draw(st.integers(1, max(ALWAYS_FEW, len(times) // MAX_SHARE)))
    least_ms = max(times) + max(MIN_GAP_MS, MIN_RATIO * max(steps))
    places: set[int] = set()
    for _ in range(wrong):
        place = draw(st.integers(1, len(times) - 1))
        times.insert(place, least_ms + draw(st.integers(0, 20 * YEAR_MS)))
        places = {at + (at >= place) for at in places} | {place}
    return times, places


@given(with_a_wrong_clock())
def test_clocks_that_are_wrong_among_right_ones_are_set_aside(one: tuple[list[int], set[int]]) -> None:
    """One or a few, oldest or newest first, and though the archive is so dense or so thin."""
    times, places = one
    assume(0 not in places and len(times) - 1 not in places)

    times_ms, aside, watch = told([times])

    assert times_ms == sorted(time for at, time in enumerate(times) if at not in places)
    assert sorted(aside) == sorted(f"file0: post 0:{at}" for at in places)
    assert watch.doubtful is None


def test_a_post_far_from_all_others_at_the_end_is_kept_and_told() -> None:
    """Nobody can tell whether it is a wrong clock, or somebody who came back."""
    times = [BEGIN_MS + 1_000 * at for at in range(30)] + [BEGIN_MS + YEAR_MS]

    times_ms, aside, watch = told([times])

    assert (times_ms, aside) == (times, [])
    assert watch.doubtful == (1, BEGIN_MS + YEAR_MS, BEGIN_MS + 29_000)


def test_in_a_file_without_order_a_place_proves_nothing() -> None:
    times = [BEGIN_MS + at * 37 % 60 * 2 * DAY_MS for at in range(60)]
    times[30] = BEGIN_MS + 10 * YEAR_MS

    times_ms, aside, _ = told([times])

    assert (times_ms, aside) == (sorted(times), [])


def test_of_a_second_part_that_begins_anew_nothing_is_set_aside() -> None:
    """As where an account's archive has its tweets, and then again from the beginning its long ones."""
    times = [BEGIN_MS + at * DAY_MS for at in range(200)] + [BEGIN_MS + 2 * YEAR_MS + at for at in range(150)]

    assert told([times + [BEGIN_MS + at * DAY_MS for at in range(20)]])[1] == []
