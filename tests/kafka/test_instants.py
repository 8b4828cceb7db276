"""Times as analysts write them."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandik.errors import UsageError
from sandik.kafka.ranges import bounds_ms, duration_ms, instant_ms

NOW_MS = 1_683_800_040_000


@pytest.mark.parametrize(
    ("text", "expected_ms"),
    [
        ("2023-05-11T10:14:00Z", NOW_MS),
        ("2023-05-11T13:14+03:00", NOW_MS),
        ("2023-05-11", NOW_MS - (10 * 60 + 14) * 60_000),
        ("-2h", NOW_MS - 7_200_000),
        ("-1d12h", NOW_MS - 129_600_000),
        ("now", NOW_MS),
        (None, None),
    ],
)
def test_a_time_is_iso_with_a_zone_or_relative_to_now(text: str | None, expected_ms: int | None) -> None:
    assert expected_ms == instant_ms(text, NOW_MS)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("2023-05-11T10:14", "no zone"),
        ("2023-13-11", "not a time: write 2023-05-11"),
        ("yesterday", "not a time"),
        ("-2", "duration"),
    ],
)
def test_a_time_that_could_mean_two_things_is_refused(text: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        instant_ms(text, NOW_MS)


@given(st.datetimes(datetime(1971, 1, 1), datetime(2099, 12, 31), timezones=st.timezones()))  # noqa: DTZ001 - it adds zones
def test_an_instant_is_the_same_whatever_zone_it_is_written_in(instant: datetime) -> None:
    in_utc = instant.astimezone(UTC).isoformat()

    assert instant_ms(instant.isoformat(), NOW_MS) == instant_ms(in_utc, NOW_MS)


def test_nothing_lies_between_a_time_and_an_earlier_one() -> None:
    assert bounds_ms("-2h", None, NOW_MS) == (NOW_MS - 7_200_000, None)
    with pytest.raises(UsageError, match="--from now is not before --to -2h"):
        bounds_ms("now", "-2h", NOW_MS)


@given(st.integers(0, 99), st.integers(0, 99), st.integers(1, 99))
def test_a_duration_is_the_sum_of_its_parts(hours: int, minutes: int, seconds: int) -> None:
    assert (hours * 3600 + minutes * 60 + seconds) * 1000 == duration_ms(f"{hours}h{minutes}m{seconds}s")


@pytest.mark.parametrize("text", ["", "5", "m", "5 m", "0s", "-5m", "5m!", "1.5h"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        duration_ms(text)
