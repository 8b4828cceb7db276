"""What sources write for an instant -> milliseconds since 1970-01-01T00:00:00Z, or None.

A time without a zone is no instant: read as UTC, a Turkish evening would end up three hours off. Where a
reader knows the zone, it says so.
"""

from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)

#: X and Twitter v1.1: "Thu Apr 06 15:24:15 +0000 2017".
X_V1_FORMAT = "%a %b %d %H:%M:%S %z %Y"

#: Where seconds, milliseconds, microseconds and nanoseconds part: 1e11 s is the year 5138, 1e11 ms is 1973.
_UNITS_PER_MS = ((1e17, 1e6), (1e14, 1e3), (1e11, 1.0))


def iso_ms(text: str, zone: tzinfo | None = None) -> int | None:
    """Return the instant of an ISO 8601 time; one without a zone is in `zone`, or None without that."""
    try:
        # "2023-05-11 21:00:00 UTC" is how databases print it.
        return to_ms(datetime.fromisoformat(text.strip().removesuffix(" UTC") + _utc_of(text)), zone)
    except ValueError:
        return None


def _utc_of(text: str) -> str:
    return "+00:00" if text.rstrip().endswith(" UTC") else ""


@lru_cache(maxsize=4096)  # archives are sorted: most times were just seen, and strptime is slow
def formatted_ms(text: str, time_format: str, zone: tzinfo | None = None) -> int | None:
    """Return the instant of a time written in a strptime format, likewise."""
    try:
        return to_ms(datetime.strptime(text.strip(), time_format), zone)  # noqa: DTZ007 - to_ms sees to it
    except ValueError:
        return None


def number_ms(number: float) -> int | None:
    """Return the instant of a Unix time, in whichever unit its size tells; None for what is no number."""
    if number != number or abs(number) > 1e20:
        return None
    for limit, per_ms in _UNITS_PER_MS:
        if abs(number) >= limit:
            # Whole numbers stay whole: nanoseconds do not fit a float.
            return number // int(per_ms) if isinstance(number, int) else int(number // per_ms)
    return number * 1000 if isinstance(number, int) else round(number * 1000)


def to_ms(instant: datetime, zone: tzinfo | None = None) -> int | None:
    """Return the instant; None without any zone. Of an hour that comes twice, the first is meant."""
    if instant.tzinfo is None:
        if zone is None:
            return None
        instant = instant.replace(tzinfo=zone)
    return (instant - _EPOCH) // _MILLISECOND
