"""The end of `sandik ingest`: a table of the files, late posts, and what to do about them."""

from collections.abc import Iterator, Sequence

from sandik.counting.labels import iso
from sandik.ingest.escaped import printable
from sandik.ingest.file_stats import Account
from sandik.ingest.post_times.wrong_clocks import DAY_MS
from sandik.ingest.produce import Summary
from sandik.ingest.progress import by_reason
from sandik.ingest.reading import Reading

#: Files in the table. If there are more, files with problems come first.
MAX_ROWS = 40
_HEADS = ("file", "format", "posts", "skipped", "rejected", "first event (UTC)", "last event (UTC)", "late")
_RIGHT = {2, 7}


def table(files: Sequence[Account]) -> Iterator[str]:
    """Yield the lines of a table: a row per file, and a total."""
    shown = files
    if len(files) > MAX_ROWS:
        is_amiss = [bool(one.rejected or one.expected_late or not one.posts) for one in files]
        places = sorted(range(len(files)), key=lambda at: (not is_amiss[at], at))[:MAX_ROWS]
        shown = [files[at] for at in sorted(places)]
    rows = [_HEADS, *map(_row, shown)]
    if len(files) > 1:
        rows.append(_row(_total(files)))
    used = [at for at in range(len(_HEADS)) if any(row[at] for row in rows[1:])]
    widths = {at: max(len(row[at]) for row in rows) for at in used}
    for number, row in enumerate(rows):
        if number == len(shown) + 1 and len(shown) < len(files):
            yield f" … and {len(files) - len(shown):,} more files: --json lists all"
        cells = [row[at].rjust(widths[at]) if at in _RIGHT else row[at].ljust(widths[at]) for at in used]
        yield (" " + "  ".join(cells)).rstrip()


def _row(one: Account) -> tuple[str, ...]:
    first_ms, last_ms = one.first_created_at_ms, one.last_created_at_ms
    return (
        printable(one.file),
        one.format,
        f"{one.posts:,}",
        by_reason(one.skipped),
        by_reason(one.rejected),
        "" if first_ms is None else _short(first_ms),
        "" if last_ms is None else _short(last_ms),
        f"{one.expected_late:,}" if one.expected_late else "",
    )


def _total(files: Sequence[Account]) -> Account:
    total = Account("all")
    for one in files:
        total.posts += one.posts
        total.skipped += one.skipped
        total.rejected += one.rejected
        total.expected_late += one.expected_late
        for time_ms in (one.first_created_at_ms, one.last_created_at_ms):
            if time_ms is not None:
                total.see(time_ms)
    return total


def _short(time_ms: int) -> str:
    return iso(time_ms)[:19].replace("T", " ")


def notes(reading: Reading, summary: Summary) -> Iterator[str]:
    """Yield the notes below the table, each with what to do."""
    files = reading.files()
    posts, late = sum(one.posts for one in files), sum(one.expected_late for one in files)
    if late:
        share = ", most of what was read," if late * 2 > posts else ""
        of_all = f"{late:,} of {posts:,} posts{share} will be too late to be counted"
        yield f"warning: {of_all}: {_why_late(reading)}"
    apart = reading.doubtful
    if apart is not None:
        days = (apart.from_ms - apart.before_ms) // DAY_MS
        which = "the last post stands" if apart.posts == 1 else f"the last {apart.posts:,} posts stand"
        yield (
            f"note: {which} {days:,} days after all others, from {iso(apart.from_ms)} on. If that is a wrong "
            f"clock, give --to {_short(apart.before_ms + DAY_MS)[:10]}"
        )
    if reading.sorting.is_on_disk and reading.sorting.was_sorted:
        yield "note: the files were sorted already: --order as-is needs no disk space and less time"
    until_ms, lateness = summary.closed_until_ms, reading.lateness
    if until_ms is not None and lateness is not None:
        is_all = lateness.newest_ms is None or lateness.rules.newest_end_ms(lateness.newest_ms) <= until_ms
        rest = "" if is_all else "; later windows stay current"
        yield f"closed: windows that end until {iso(until_ms)} become final{rest}"


def _why_late(reading: Reading) -> str:
    stood_ms = reading.lateness.stood_ms if reading.lateness else None
    first_ms = [one.first_created_at_ms for one in reading.files() if one.first_created_at_ms is not None]
    if stood_ms is not None and min(first_ms, default=stood_ms) < stood_ms:
        return (
            f"topic and workers have already reached {iso(stood_ms)}. Ingest older posts into their own "
            "topics (SANDIK_TOPIC_PREFIX), or count them with `sandik replay` with a longer "
            "SANDIK_ALLOWED_LATENESS_MS"
        )
    if reading.is_sorted:
        return "SANDIK_ALLOWED_LATENESS_MS says how late a post may be"
    return (
        "they are not in the order of their times. Pass files by name, without --order as-is, and they "
        "are sorted; for a live pipe, raise SANDIK_ALLOWED_LATENESS_MS"
    )
