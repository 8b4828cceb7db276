"""After a run was replaced, readers show the counts of the next run alone, whatever they have seen before."""

from collections.abc import Sequence
from itertools import groupby

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from sandik.counting.newest import LatestCounts
from sandik.figures.cell_store import Group
from sandik.figures.live_counts import Model
from sandik.report.read_counts import Counted
from sandik_schemas.count import CellKey, Count
from tests.dashboard.builders import a_count

Log = list[tuple[bytes, Count | None]]


def runs(lexicon: str, *sizes: int) -> st.SearchStrategy[list[Count]]:
    cells = st.builds(
        lambda tag, language, minute, size, posts, revision: a_count(
            tag,
            language,
            minute=minute * size,
            size=size,
            count=posts,
            revision=revision,
            lexicon_version=lexicon,
            emitted_at_ms=revision,
        ),
        st.sampled_from(["all", "election", "both"]),
        st.sampled_from(["tr", "ru"]),
        st.integers(0, 3),
        st.sampled_from(sizes),
        st.integers(0, 5),
        st.integers(0, 20),
    )
    return st.lists(cells, max_size=12)


def replaced(old: Sequence[Count], new: Sequence[Count]) -> Log:
    """Return what `counts` holds: the old run, every cell of it taken back, the new run."""
    log: Log = [(count.key, count) for count in old]
    log += [(key, None) for key in dict.fromkeys(count.key for count in old)]
    return log + [(count.key, count) for count in new]


@given(runs("old", 1, 5), runs("new", 1, 5))
def test_the_newest_counts_are_those_of_the_new_run(old: list[Count], new: list[Count]) -> None:
    both, alone = LatestCounts(), LatestCounts()
    for key, count in replaced(old, new):
        both.add(key, count)
    for count in new:
        alone.add(count.key, count)

    assert both.counts() == alone.counts()


@given(runs("old", 1, 5), runs("new", 1), st.integers(1, 7))
def test_the_page_shows_the_new_run_alone(old: list[Count], new: list[Count], batch: int) -> None:
    both, alone = Model(), Model()
    log = replaced(old, new)
    for start in range(0, len(log), batch):
        for is_taken_back, some in groupby(log[start : start + batch], lambda one: one[1] is None):
            if is_taken_back:
                both.remove([key for key, _ in some])
            else:
                both.add([count for _, count in some if count is not None], 0)
    alone.add(new, 0)

    assert shown(both) == shown(alone)


def shown(model: Model) -> tuple[object, ...]:
    found = model.cells.find([Group("tr"), Group("ru")], "all", 0, 10**14)
    totals = {
        (language, tag): posts for language, tags in model.cells.totals.items() for tag, posts in tags.items()
    }
    columns = [column.tolist() for column in found]
    return {cell: posts for cell, posts in totals.items() if posts}, columns, model.other_window_sizes_ms


@given(runs("old", 1, 5), runs("new", 1))
def test_a_report_counts_the_new_run_alone(old: list[Count], new: list[Count]) -> None:
    both, alone = Counted(), Counted()
    both.take(replaced(old, new), (None, None))
    alone.add(new)

    assert [column.tolist() for column in both.cells.find([Group("tr"), Group("ru")], "all", 0, 10**14)] == [
        column.tolist() for column in alone.cells.find([Group("tr"), Group("ru")], "all", 0, 10**14)
    ]
    assert both.versions == alone.versions
    assert both.other_window_sizes_ms == alone.other_window_sizes_ms


@given(runs("any", 1, 5))
def test_a_key_says_which_cell_it_is(counts: list[Count]) -> None:
    for count in counts:
        size_ms = count.window_end_ms - count.window_start_ms
        key = count.window_start_ms, size_ms, count.language, count.tag
        assert CellKey.parse(count.key) == (*key, None)
        assert CellKey.parse(msgspec.structs.replace(count, source="x/1").key) == (*key, "x/1")
    assert [CellKey.parse(key) for key in (None, b"", b"1|2|tr", b"x|1|tr|all", b"\xff|1|tr|all")] == [
        None
    ] * 5
