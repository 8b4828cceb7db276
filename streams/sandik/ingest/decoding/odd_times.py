"""What an invalid time looks like, to help the user fix the table.

A spreadsheet's 45057.875, 20230511 and 2023 are numbers, and every number is a Unix time: here in 1970. A
value is checked for other meanings only if its Unix time is not plausible.
"""

import re
from datetime import datetime

_EXCEL_DAYS = re.compile(r"(\d{5})(?:[.,]\d+)?")
_COMPACT = ((8, "%Y%m%d"), (10, "%Y%m%d%H"), (12, "%Y%m%d%H%M"), (14, "%Y%m%d%H%M%S"), (17, "%Y%m%d%H%M%S%f"))
_ROUNDED = re.compile(r"\d+(?:[.,]\d+)?[eE]\+?\d+")
_YEAR = re.compile(r"(?:19|20)\d\d(?:\.0)?")
#: Day 0 of spreadsheets, and values for "never" in databases and programs.
_NEVER = re.compile(
    r"0000-00-00|0001-01-0[12]|1899-12-3[01]|1900-01-0[01]|1904-01-0[12]|1970-01-01|1601-01-01"
)
#: Days since 1899-12-30 for 1982 to 2119, and ticks of other epochs for 2000 to 2100.
_DAYS = range(30_000, 80_000)
_TICKS = (
    (range(630_822_816 * 10**9, 662_380_416 * 10**9), "ticks of .NET since the year 1"),
    (range(12_591_158_400 * 10**7, 15_746_918_400 * 10**7), "a file time of Windows, since 1601"),
    (range(12_591_158_400 * 10**6, 15_746_918_400 * 10**6), "microseconds since 1601, as Chrome writes them"),
)


def looks_like(written: str) -> str:
    """Return what an implausible time may be instead, and what to do; empty if unknown."""
    text = written.strip().strip("\"'")
    if _NEVER.match(text):
        return "the value that programs write if there is no time"
    if _ROUNDED.fullmatch(text):
        return "a number that a spreadsheet has rounded: export again with times as text"
    if _YEAR.fullmatch(text):
        return "a year: a full date and time is needed"
    if (days := _EXCEL_DAYS.fullmatch(text)) and int(days[1]) in _DAYS:
        return (
            "the serial date of a spreadsheet, in days since 1899-12-30: add --time-format excel (or "
            "excel-1904) and --zone, or export again with dates as text"
        )
    digits = text.removesuffix(".0")
    if not digits.isdecimal():
        return ""
    for length, time_format in _COMPACT:
        if len(digits) == length and _is_date(digits, time_format):
            return f"a date without separators: add --time-format {time_format} and --zone"
    number = int(digits) if len(digits) < 20 else 0
    return next((what for ticks, what in _TICKS if number in ticks), "")


def _is_date(digits: str, time_format: str) -> bool:
    try:
        year = datetime.strptime(digits, time_format).year  # noqa: DTZ007 - only whether it is one
    except ValueError:
        return False
    return 1900 <= year <= 2100
