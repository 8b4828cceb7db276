"""Times in sources -> milliseconds since 1970-01-01T00:00:00Z, or None.

A time without a zone is not an instant: read as UTC, a Turkish evening would be three hours off. Readers pass
the zone if they know it.
"""

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from email.utils import parsedate_to_datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)

#: X and Twitter v1.1: "Thu Apr 06 15:24:15 +0000 2017".
X_V1_FORMAT = "%a %b %d %H:%M:%S %z %Y"

#: Limits between s, ms, µs and ns: 1e11 s is the year 5138, 1e11 ms is 1973.
_UNITS_PER_MS = ((1e17, 1e6), (1e14, 1e3), (1e11, 1.0))

#: Zone abbreviations, in minutes east of UTC. Ambiguous ones, such as IST, BST and AST, are left out.
_ZONES_MINUTES = {
    "UTC": 0, "GMT": 0, "UT": 0, "Z": 0, "WET": 0, "WEST": 60, "CET": 60, "CEST": 120, "EET": 120,
    "EEST": 180, "TRT": 180, "MSK": 180, "EST": -300, "EDT": -240, "CST": -360, "CDT": -300, "MST": -420,
    "MDT": -360, "PST": -480, "PDT": -420,
}  # fmt: skip
_OFFSET = re.compile(r"(?:UTC|GMT)?\s*([+-])(\d{1,2})(?::?(\d{2}))?", re.IGNORECASE)
_ZONED = re.compile(r"(.*\d)\s*(?:([A-Za-z]{1,4})|((?:UTC|GMT)\s*[+-]\d{1,2}(?::?\d{2})?))")
# Java prints "Mon May 08 00:00:00 TRT 2023".
_JAVA = re.compile(r"[A-Za-z]{3} ([A-Za-z]{3} \d{1,2} \d{2}:\d{2}:\d{2}) ([A-Z]{1,4}) (\d{4})")


def zone_of(name: str) -> tzinfo:
    """Return the zone of a name (`Europe/Istanbul`) or of an offset from UTC (`+03:00`, `UTC+3`, `Z`).

    Raises:
        ValueError: it does not exist, or the name is a path.
        OSError: the same.
    """
    bare = name.strip()
    if bare.upper() in ("Z", "UTC", "GMT"):
        return UTC
    found = _OFFSET.fullmatch(bare)
    if found is None:
        return ZoneInfo(bare)  # ZoneInfoNotFoundError is a KeyError
    sign, hours, minutes = found.groups(default="0")
    distance = timedelta(hours=int(hours), minutes=int(minutes))
    if distance > timedelta(hours=14) or int(minutes) > 59:
        raise ValueError(f"{name} is further from UTC than any zone")
    return timezone(-distance if sign == "-" else distance)


# Spreadsheets and people omit zeros, write slashes, and use 12-hour clocks.
_LOOSE = re.compile(
    r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})"
    r"(?:[ T]+(\d{1,2})(:\d{2}(?::\d{2})?)((?:\.\d+)?)\s*(?:([AaPp])\.?[Mm]\.?)?(.*))?"
)


def _tidied(written: str) -> str:
    """Return a time that begins with the year in ISO 8601; anything else unchanged."""
    found = _LOOSE.fullmatch(written)
    if found is None:
        return written
    year, month, day, hour, minutes, fraction, half, rest = found.groups(default="")
    if hour and half:
        if not 1 <= int(hour) <= 12:
            return written
        hour = str(int(hour) % 12 + (12 if half.lower() == "p" else 0))
    time = f" {hour:0>2}{minutes}{fraction}{rest}" if hour else ""
    return f"{year}-{month:0>2}-{day:0>2}{time}"


def iso_ms(text: str, zone: tzinfo | None = None) -> int | None:
    """Return the instant of an ISO 8601 time. A time without a zone is in `zone`; None without that."""
    written = text.strip()
    try:
        return to_ms(datetime.fromisoformat(written), zone)
    except (ValueError, OverflowError):
        bare, named = _with_zone(_tidied(written))
        try:
            return to_ms(datetime.fromisoformat(bare.rstrip()), named or zone)
        except (ValueError, OverflowError):
            return None


def zone_of_name(name: str) -> tzinfo | None:
    """Return the zone of an unambiguous abbreviation; None for others."""
    minutes = _ZONES_MINUTES.get(name.upper())
    return None if minutes is None else timezone(timedelta(minutes=minutes))


def _with_zone(written: str) -> tuple[str, tzinfo | None]:
    """Split "2023-05-11 21:00:00 UTC", as printed by databases, or "… EDT", "… GMT+3"."""
    found = _ZONED.fullmatch(written)
    if found is None:
        return written, None
    bare, name, distance = found.groups()
    if distance is not None:
        return bare, zone_of(distance)
    zone = zone_of_name(name)
    # An unknown name stays in the text, so that it is no time, whatever zone is given.
    return (written, None) if zone is None else (bare, zone)


def mail_ms(text: str, zone: tzinfo | None = None) -> int | None:
    """Return the instant of "Thu, 11 May 2023 21:00:00 +0300", as feeds and mails write it, or Java."""
    if java := _JAVA.fullmatch(text.strip()):
        named = zone_of_name(java[2])
        return None if named is None else formatted_ms(f"{java[1]} {java[3]}", "%b %d %H:%M:%S %Y", named)
    try:
        # An unknown zone name is not replaced by `zone`.
        return to_ms(parsedate_to_datetime(text), zone if text.rstrip()[-1:].isdecimal() else None)
    except (TypeError, ValueError, IndexError, OverflowError):
        return None


@lru_cache(maxsize=4096)  # archives are sorted, so times repeat, and strptime is slow
def formatted_ms(text: str, time_format: str, zone: tzinfo | None = None) -> int | None:
    """Return the instant of a time in a strptime format."""
    try:
        return to_ms(datetime.strptime(text.strip(), time_format), zone)  # noqa: DTZ007 - to_ms sees to it
    except (ValueError, OverflowError):
        return None


def number_ms(number: float) -> int | None:
    """Return the instant of a Unix time; its size tells the unit. None for NaN and huge numbers."""
    if number != number or abs(number) > 1e20:
        return None
    for limit, per_ms in _UNITS_PER_MS:
        if abs(number) >= limit:
            # Integers stay integers: nanoseconds do not fit into a float.
            return number // int(per_ms) if isinstance(number, int) else int(number // per_ms)
    return number * 1000 if isinstance(number, int) else round(number * 1000)


def to_ms(instant: datetime, zone: tzinfo | None = None) -> int | None:
    """Return the instant; None without any zone. If an hour occurs twice, the first is taken."""
    if instant.tzinfo is None:
        if zone is None:
            return None
        instant = instant.replace(tzinfo=zone)
    return (instant - _EPOCH) // _MILLISECOND
