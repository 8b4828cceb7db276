"""Starts come out as a look at all of them would find them, whatever was added and discarded meanwhile."""

from hypothesis import given
from hypothesis import strategies as st

from sandik.counting.windows.window_starts import WindowStarts

starts = st.integers(0, 12)
steps = st.lists(st.tuples(st.sampled_from(["add", "add", "discard", "pop"]), starts), max_size=60)


@given(steps)
def test_what_is_taken_out_is_what_a_scan_would_find(steps: list[tuple[str, int]]) -> None:
    found, known = WindowStarts(), set[int]()
    for step, start_ms in steps:
        if step == "add":
            found.add(start_ms)
            known.add(start_ms)
        elif step == "discard":
            found.discard(start_ms)
            known.discard(start_ms)
        else:
            due = sorted(one for one in known if one <= start_ms)
            known -= set(due)
            assert due == found.pop_until(start_ms)
        assert min(known, default=None) == found.oldest_ms
        assert known == {one for one in range(13) if one in found}
        assert len(known) == len(found)
