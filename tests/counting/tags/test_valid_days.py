"""Days in which an entry counts: judged by the time of the post, so that a replay says the same."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandik.counting.job import Job
from sandik.counting.tags import LexiconError, Tagger, load_tagger
from sandik.counting.tags.boundaries import Refusal
from sandik.counting.tags.valid_days import Eras, do_meet, span_ms
from tests.support.lexicons import write_lexicon
from tests.support.stubs import TIMING, FirstWord

FLOOD = '[[term]]\nlanguage = "tr"\nlemma = "sel"\n'
DAYS = "2023-05-10/2023-05-12"


def ms(day: str) -> int:
    return int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp() * 1000)


def tagger(folder: Path, valid: str) -> Tagger:
    return load_tagger(
        write_lexicon(folder, flood=f'{FLOOD}\n[[term]]\nlanguage = "tr"\nlemma = "x5"\nvalid = "{valid}"\n')
    )


@pytest.mark.parametrize(
    ("time", "counts"),
    [
        ("2023-05-09T23:59:59.999", False),
        ("2023-05-10T00:00", True),
        ("2023-05-12T23:59:59.999", True),
        ("2023-05-13T00:00", False),
    ],
)
def test_both_days_are_included_and_are_of_utc(tmp_path: Path, time: str, counts: bool) -> None:
    one = tagger(tmp_path, DAYS)
    assert bool(one.terms(["x5"], ["tr"], [ms(time)])[0]) == counts
    assert bool(one.counted(["x5"], ["tr"], [ms(time)])) == counts
    [verdict] = one.verdicts("x5", "tr", ms(time))
    assert verdict.refusal == (None if counts else Refusal.OUT_OF_DAYS)


def test_a_text_without_a_time_is_taken_as_of_those_days(tmp_path: Path) -> None:
    one = tagger(tmp_path, DAYS)
    assert one.terms(["x5"], ["tr"])[0]
    assert [bool(found) for found in one.terms(["x5"] * 2, ["tr"] * 2, [None, 0])] == [True, False]
    assert one.verdicts("x5", "tr")[0].refusal is None


@pytest.mark.parametrize(
    "valid", ["2023-02-30", "2023-05-12/2023-05-10", "May 2023", "2023-05-10/", "2023-5-1"]
)
def test_days_that_are_none_are_told_with_their_line(tmp_path: Path, valid: str) -> None:
    with pytest.raises(LexiconError, match=r"flood.toml:8: `valid`: "):
        tagger(tmp_path, valid)


def test_entries_of_one_name_and_different_days_are_different_entries(tmp_path: Path) -> None:
    for name, day in (("one", "2023-05-10"), ("other", "2024-03-31")):
        tagger(tmp_path / name, day)
    both = load_tagger(f"{tmp_path / 'one'},{tmp_path / 'other'}")
    days = ["2023-05-10", "2023-05-11", "2024-03-31"]
    found = both.terms(["x5"] * 3, ["tr"] * 3, [*map(ms, days)])
    assert [len(terms) for terms in found] == [1, 0, 1]


def test_the_same_text_has_the_answer_of_its_own_time_though_it_came_before(tmp_path: Path) -> None:
    job = Job("run", TIMING, 0, dedupe=True, detector=FirstWord(), tagger=tagger(tmp_path, DAYS))
    times = [ms("2023-05-11"), ms("2023-06-01"), None, ms("2023-05-11") + 3_600_000]
    for _ in range(2):
        found = job.annotate(["x5"] * 4, ["tr", None, None, "tr"], times_ms=times)
        assert [one.tags for one in found] == [("flood",), (), ("flood",), ("flood",)]


days = st.dates(date(2020, 1, 1), date(2026, 1, 1))


@st.composite
def spans(draw: st.DrawFn) -> str:
    first, last = sorted([draw(days), draw(days)])
    return f"{first}/{last}"


@given(st.lists(st.one_of(st.just(""), spans()), max_size=6), days, st.integers(0, 86_399_999))
def test_an_entry_is_out_of_its_days_exactly_when_the_post_is_not_of_them(
    valid: list[str], day: date, into_ms: int
) -> None:
    eras = Eras(valid)
    out = eras.out(*eras.of([ms(str(day)) + into_ms]))
    assert out == {n for n, one in enumerate(valid) if one and not one[:10] <= str(day) <= one[11:]}


@given(spans(), spans())
def test_two_spans_meet_exactly_if_a_day_is_of_both(one: str, other: str) -> None:
    later, end = max(one[:10], other[:10]), min(one[11:], other[11:])
    assert do_meet(one, other) == do_meet(other, one) == (later <= end)
    assert span_ms(one)[0] < span_ms(one)[1]
    assert do_meet(one, "")
