"""merge by example: two partitions, one window. The laws are in tests/laws."""

import pytest
from msgspec.structs import replace

from sandik.counting.authors.sets import AuthorSets
from sandik.counting.labels import Labels, iso
from sandik.counting.merge import Merge
from sandik.counting.windows.derived import DerivedWindows
from sandik.counting.windows.derived_sizes import DerivedSizes
from sandik_schemas.count import Count
from sandik_schemas.partial import Cells, Partial, PartitionClock, WindowPartial
from tests.support.stubs import MINUTE_MS, TIMING

RUN = "run-1"
START_MS = 1_683_800_040_000
FINAL_AT_MS = START_MS + MINUTE_MS + TIMING.max_disorder_ms


def window(partition: int, offset: int, counts: Cells, late_counts: Cells | None = None) -> WindowPartial:
    return WindowPartial(RUN, partition, START_MS, offset, counts, late_counts or {})


def clock(partition: int, offset: int, clock_ms: int | None, *, idle: bool = False) -> PartitionClock:
    return PartitionClock(RUN, partition, offset, clock_ms, idle)


def merged(*partials: Partial) -> Merge:
    merge = Merge(Labels(RUN, "lex-1", "det-1"), TIMING, partitions=2)
    for partial in partials:
        merge.apply(partial)
    return merge


def emitted(merge: Merge) -> dict[tuple[str, str], Count]:
    merge.advance()
    return {(count.language, count.tag): count for count in merge.emit(now_ms=START_MS)}


def test_a_count_is_the_sum_of_the_partitions_beside_its_total_and_share() -> None:
    merge = merged(
        window(0, 9, {"tr": {"all": 6, "election": 2}, "ru": {"all": 1}}, {"tr": {"all": 1}}),
        window(1, 4, {"tr": {"all": 2, "election": 1, "both": 1}}),
    )

    counts = emitted(merge)

    assert {key: (one.count, one.total, one.share, one.late_count) for key, one in counts.items()} == {
        ("ru", "all"): (1, 1, 1.0, 0),
        ("tr", "all"): (8, 8, 1.0, 1),
        ("tr", "both"): (1, 8, 0.125, 0),
        ("tr", "election"): (3, 8, 0.375, 0),
    }
    assert {one.revision for key, one in counts.items() if key[0] == "tr"} == {2 * (8 + 1)}


def test_only_the_languages_that_changed_are_emitted_again() -> None:
    merge = merged(window(0, 1, {"tr": {"all": 1}, "ru": {"all": 1}}))
    first = emitted(merge)
    merge.apply(window(0, 2, {"tr": {"all": 2}, "ru": {"all": 1}}))
    second = emitted(merge)

    assert [first.keys(), second.keys(), emitted(merge)] == [
        {("tr", "all"), ("ru", "all")},
        {("tr", "all")},
        {},
    ]


def test_a_window_of_late_posts_alone_has_counts_of_zero() -> None:
    [count] = emitted(merged(window(0, 1, {}, {"tr": {"all": 1}}))).values()

    assert (count.count, count.total, count.share, count.late_count) == (0, 0, 0.0, 1)


def test_another_run_is_not_mixed_in() -> None:
    other = WindowPartial("run-2", 0, START_MS, 99, {"tr": {"all": 50}}, {})

    assert emitted(merged(other)) == {}


@pytest.mark.parametrize(
    ("clocks", "is_final"),
    [
        ([clock(0, 9, FINAL_AT_MS)], False),
        ([clock(0, 9, FINAL_AT_MS), clock(1, 4, FINAL_AT_MS - 1)], False),
        ([clock(0, 9, FINAL_AT_MS), clock(1, -1, None)], False),
        ([clock(0, 9, FINAL_AT_MS), clock(1, 4, FINAL_AT_MS)], True),
        ([clock(0, 9, FINAL_AT_MS), clock(1, 4, START_MS, idle=True)], True),
        ([clock(0, 9, FINAL_AT_MS, idle=True), clock(1, -1, None, idle=True)], True),
        ([clock(0, 9, FINAL_AT_MS), clock(1, 4, START_MS, idle=True), clock(1, 5, START_MS)], False),
    ],
)
def test_final_needs_every_partition_that_is_not_idle(clocks: list[PartitionClock], is_final: bool) -> None:
    merge = merged(window(0, 9, {"tr": {"all": 1}}), *clocks)

    assert [is_final] == [count.is_final for count in emitted(merge).values()]


@pytest.mark.parametrize(
    ("time_ms", "text"),
    [
        (0, "1970-01-01T00:00:00Z"),
        (START_MS, "2023-05-11T10:14:00Z"),
        (START_MS + 7, "2023-05-11T10:14:00.007Z"),
    ],
)
def test_times_are_written_in_utc_with_milliseconds_where_there_are_some(time_ms: int, text: str) -> None:
    assert iso(time_ms) == text


def test_wider_windows_have_the_tags_only_whatever_else_is_counted() -> None:
    labels = Labels(RUN, "lex-1", "det-1")
    wider = DerivedWindows.of(DerivedSizes(MINUTE_MS, MINUTE_MS, MINUTE_MS), labels, MINUTE_MS)
    merge = Merge(labels, TIMING, 1, wider, AuthorSets(), top_terms=10)
    beside = {"with_author": {"tr": {"all": 1}}, "terms": {"tr": {"election": {"seçim": 1}}}}
    merge.apply(replace(window(0, 2, {"tr": {"all": 2, "election": 1}}), **beside))

    wide = [one.value for one in merge.emit_derived(START_MS) if one.value]

    assert {(one.tag, one.count) for one in wide} == {("all", 2), ("election", 1)}
    assert len(wide) == 4
