"""Shares as people read them: a few are never none, and not quite all are never all."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandik.figures.shares import percent
from sandik.report.page import page
from tests.report.builders import report_from


def number(text: str) -> float:
    found = re.fullmatch(r"(under |over )?(\d+(?:\.\d+)?)\N{NO-BREAK SPACE}%", text)
    assert found is not None, text
    return float(found[2]) / 100


@given(st.floats(0, 1))
def test_a_share_is_told_to_two_digits_and_never_as_none_or_all_unless_it_is(share: float) -> None:
    told = percent(share)

    assert (told == "0\N{NO-BREAK SPACE}%") == (share == 0)
    assert (told == "100\N{NO-BREAK SPACE}%") == (share == 1)
    if told[0].isdigit():
        for exact, shown in ((share, number(told)), (1 - share, 1 - number(told))):
            assert shown == pytest.approx(exact, rel=0.051, abs=1e-9) or abs(exact - shown) <= 0.0050001


@given(st.floats(0, 1), st.floats(0, 1))
def test_of_two_shares_the_larger_is_never_told_as_the_smaller(one: float, other: float) -> None:
    lower, higher = sorted((one, other))
    assert number(percent(lower)) <= number(percent(higher))


@pytest.mark.parametrize(
    ("share", "told"),
    [
        (0, "0 %"),
        (1e-9, "under 0.0001 %"),
        (0.0002, "0.02 %"),
        (0.000234, "0.023 %"),
        (0.0015, "0.15 %"),
        (0.00996, "1.0 %"),
        (0.0376, "3.8 %"),
        (0.0995, "10 %"),
        (0.447761, "45 %"),
        (0.9998, "99.98 %"),
        (1 - 1e-9, "over 99.9999 %"),
        (1, "100 %"),
        (1.2, "120 %"),
    ],
)
def test_how_shares_are_told(share: float, told: str) -> None:
    assert percent(share).replace("\N{NO-BREAK SPACE}", " ") == told


def test_a_report_says_of_one_in_five_thousand_what_it_is() -> None:
    html = page(report_from({(0, "tr", "all"): 9_000, (0, "tr", "election"): 5_000, (0, "tr", "both"): 1}))

    assert "<strong>0.02\N{NO-BREAK SPACE}%</strong>" in html.decode()
    assert "0.0\N{NO-BREAK SPACE}%" not in html.decode()
    tiny = page(report_from({(0, "tr", "election"): 9_000_000, (0, "tr", "both"): 1})).decode()
    assert "<strong>under 0.0001\N{NO-BREAK SPACE}%</strong>" in tiny
