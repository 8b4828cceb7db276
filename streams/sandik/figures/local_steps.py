"""Steps of a zone's clock: a day in Istanbul begins at midnight there. Pure.

Steps of days begin at local midnight and are 23 or 25 hours long where the clock is changed; shorter ones are
counted from local midnight on, so that of a changed clock's day the last one is longer or shorter.
"""

from bisect import bisect_right
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sandik.errors import UsageError

DAY_MS = 86_400_000


def zone_of(name: str) -> ZoneInfo:
    """Return the zone. UsageError if there is none of that name."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise UsageError(f"{name!r} is not a time zone: write Europe/Istanbul or UTC, for example") from error


def check_step(step_ms: int) -> None:
    """Raise UsageError unless days are made of whole steps, or steps of whole days."""
    if DAY_MS % step_ms and step_ms % DAY_MS:
        raise UsageError("a step must divide a day, or be a number of days: 15m, 1h, 6h, 1d, 7d")


def step_of(time_ms: int, step_ms: int, zone: ZoneInfo) -> tuple[int, int]:
    """Return start and end, in ms UTC, of the step that a time is in. Days count from Monday, 1969-12-29."""
    local = datetime.fromtimestamp(time_ms / 1000, UTC).astimezone(zone)
    days = max(1, step_ms // DAY_MS)
    number = (local.toordinal() - _MONDAY) // days
    first = _midnight_ms(number * days, zone)
    last = _midnight_ms((number + 1) * days, zone)
    if step_ms >= DAY_MS:
        return first, last
    starts = [first + at for at in range(0, DAY_MS, step_ms) if first + at < last]
    place = bisect_right(starts, time_ms) - 1
    return starts[place], starts[place + 1] if place + 1 < len(starts) else last


_MONDAY = datetime(1969, 12, 29, tzinfo=UTC).toordinal()


def _midnight_ms(day: int, zone: ZoneInfo) -> int:
    at = datetime(1969, 12, 29) + timedelta(days=day)  # noqa: DTZ001  # the zone's own clock, which follows
    return round(at.replace(tzinfo=zone).timestamp() * 1000)
