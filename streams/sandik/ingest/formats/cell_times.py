"""The time in a row's cell -> ms UTC, or what is wrong with it."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta, tzinfo

from sandik.ingest.decoding.odd_times import looks_like
from sandik.ingest.decoding.times import X_V1_FORMAT, formatted_ms, iso_ms, mail_ms, number_ms, to_ms
from sandik.ingest.formats.table import Plan
from sandik.ingest.items import quote
from sandik_schemas.post import MIN_CREATED_AT_MS

_DATE = re.compile(r"\d{4}-\d\d-\d\d|\d{1,2}[./-]\d{1,2}[./-]\d{4}|\d{4}[./]\d\d[./]\d\d")
_NUMBER = re.compile(r"[+-]?\d{1,30}(?:\.\d+)?")  # Python refuses ints of over 4,300 digits
#: `--time-format excel`: day 0 of spreadsheets.
_SPREADSHEETS = {"excel": datetime(1899, 12, 30), "excel-1904": datetime(1904, 1, 1)}  # noqa: DTZ001 - local
#: Numbers beyond this time (2100) are not times: 20230511210000 does not mean the year 2611.
_MAX_MS = 4_102_444_800_000


def has_time(row: Sequence[object], how: Plan) -> bool:
    """Return whether the row has a valid time, which makes it likely to be a row."""
    if how.picker is not None:
        row = how.picker(row)
    index = how.indices["time"]
    return index < len(row) and isinstance(instant_ms(row[index], None, how), int)


def instant_ms(value: object, time_of_day: object, how: Plan) -> int | str:
    """Return the instant, or what is wrong with it."""
    written = _together("" if value is None else str(value).strip(), time_of_day, how)
    found = _read_ms(value, written, how)
    if found is not None and MIN_CREATED_AT_MS <= found <= _MAX_MS:
        return found
    told = looks_like(written)
    if told:
        return f"{quote(written)} is not a time; it looks like {told}"
    if found is not None:
        when = "before 2000" if found < MIN_CREATED_AT_MS else "after 2100"
        return f"{quote(written)} would be a time {when}: add --time-format, or --columns time=COLUMN"
    return f"{quote(written)} is not a time" + (
        "" if how.zone or not written else " with a zone: add --zone, or --time-format"
    )


def _together(day: str, time_of_day: object, how: Plan) -> str:
    """Return date and time of day as one text, if they are in two columns."""
    may_have_hours = how.time_format is None or "%H" in how.time_format or "%I" in how.time_format
    if may_have_hours and isinstance(time_of_day, str) and ":" in time_of_day and _DATE.fullmatch(day):
        return f"{day} {time_of_day.strip()}"
    return day


def _read_ms(value: object, text: str, how: Plan) -> int | None:
    if isinstance(value, datetime):
        return to_ms(value, how.zone)
    if how.time_format in _SPREADSHEETS:
        return _days_ms(text, _SPREADSHEETS[how.time_format], how.zone)
    if isinstance(value, (int, float)) and how.time_format is None:
        return number_ms(value)
    if how.time_format is not None:
        return formatted_ms(text, how.time_format, how.zone)
    if _NUMBER.fullmatch(text):
        return number_ms(float(text) if "." in text else int(text))
    found = iso_ms(text, how.zone)
    if found is None:
        found = formatted_ms(text, X_V1_FORMAT)
    return mail_ms(text, how.zone) if found is None else found


def _days_ms(text: str, first_day: datetime, zone: tzinfo | None) -> int | None:
    try:
        # A day is a 64-bit float, so seconds can become 59.9999.
        seconds = round(float(text.replace(",", ".")) * 86_400, 2)
        return to_ms(first_day + timedelta(seconds=round(seconds, 2)), zone)
    except (ValueError, OverflowError):
        return None
