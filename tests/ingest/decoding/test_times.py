from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandik.ingest.decoding.times import X_V1_FORMAT, formatted_ms, iso_ms, number_ms

NINE_PM_MS = 1_683_828_000_000  # 2023-05-11T21:00:00+03:00
ISTANBUL = ZoneInfo("Europe/Istanbul")


@pytest.mark.parametrize(
    "written",
    [
        "2023-05-11T18:00:00Z",
        "2023-05-11T18:00:00.000000000Z",
        "2023-05-11T21:00:00+03:00",
        "2023-05-11 18:00:00 UTC",
        " 2023-05-11 18:00:00+00:00 ",
        "20230511T180000Z",
    ],
)
def test_an_instant_is_the_same_however_it_is_written(written: str) -> None:
    assert iso_ms(written) == NINE_PM_MS


@pytest.mark.parametrize("written", ["2023-05-11T21:00:00", "2023-05-11", "", "dün", "2023-13-01T00:00:00Z"])
def test_what_is_no_instant_is_none(written: str) -> None:
    assert iso_ms(written) is None


def test_a_zone_makes_an_instant_of_a_local_time_and_leaves_others_alone() -> None:
    assert iso_ms("2023-05-11T21:00:00", ISTANBUL) == NINE_PM_MS
    assert iso_ms("2023-05-11T18:00:00Z", ISTANBUL) == NINE_PM_MS
    assert formatted_ms("11.05.2023 21:00", "%d.%m.%Y %H:%M", ISTANBUL) == NINE_PM_MS
    assert formatted_ms("11.05.2023 21:00", "%d.%m.%Y %H:%M") is None
    assert formatted_ms("Thu May 11 18:00:00 +0000 2023", X_V1_FORMAT) == NINE_PM_MS


def test_of_an_hour_that_comes_twice_the_first_is_meant() -> None:
    assert iso_ms("2022-10-30T02:30:00", ZoneInfo("Europe/Berlin")) == iso_ms("2022-10-30T02:30:00+02:00")


@given(st.datetimes(datetime(2001, 1, 1), datetime(2099, 1, 1)), st.integers(-14, 14))  # noqa: DTZ001
def test_iso_times_survive_the_way_there_and_back(local: datetime, hours: int) -> None:
    instant = local.replace(tzinfo=timezone(timedelta(hours=hours)))

    expected = (instant - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
    assert iso_ms(instant.isoformat()) == expected


@given(st.integers(946_684_800, 4_000_000_000))
def test_a_unix_time_tells_its_unit_by_its_size(seconds: int) -> None:
    for per_second in (1, 1_000, 1_000_000, 1_000_000_000):
        assert number_ms(seconds * per_second) == seconds * 1_000
    assert number_ms(seconds + 0.5) == seconds * 1_000 + 500


@pytest.mark.parametrize("number", [float("nan"), float("inf"), 10**40, -1e300])
def test_a_number_that_is_no_time_is_none(number: float) -> None:
    assert number_ms(number) is None
