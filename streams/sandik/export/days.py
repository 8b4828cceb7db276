"""Rows -> a folder with a file per day, OUT/day=2023-05-11/part.parquet, as read by DuckDB and others."""

import os
import re
from collections import defaultdict
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path

from sandik.errors import UsageError
from sandik.files.atomic import new_folder
from sandik.tables.writers import SUFFIXES, USUAL_CSV, Columns, CsvForm, Row, Write, writer

#: The limit of days, whose files are open at once.
MAX_DAYS = 400
_AT_ONCE = 20_000
_DAY = re.compile(r"day=\d{4}-\d\d-\d\d")


def check_days(folder: Path, *, replaces: bool) -> None:
    """Raise UsageError if the folder exists; with `replaces`, only if it was not written by `write_days`."""
    if not os.path.lexists(folder):
        return
    if not replaces:
        raise UsageError(f"{folder} already exists: choose another name, or pass --force")
    days = [] if folder.is_symlink() or not folder.is_dir() else list(folder.iterdir())
    parts = {f"part.{name}" for name in SUFFIXES.values()}
    if not days or not all(
        _DAY.fullmatch(day.name) and day.is_dir() and {part.name for part in day.iterdir()} <= parts
        for day in days
    ):
        raise UsageError(f"{folder} was not written by an export, so --force does not replace it")


def write_days(
    folder: Path,
    format_name: str,
    columns: Columns,
    time: str,
    rows: Iterable[Row],
    *,
    form: CsvForm = USUAL_CSV,
    replaces: bool = False,
) -> None:
    """Write each row to the file of its day, UTC. The folder appears when it is complete.

    Raises:
        UsageError: there are too many days, or the folder exists and must not be replaced.
        SandikError: the disk is full or not writable.
    """
    check_days(folder, replaces=replaces)
    waiting: defaultdict[str, list[Row]] = defaultdict(list)
    writers: dict[str, Write] = {}
    with new_folder(folder, replaces=replaces) as new, ExitStack() as stack:
        for row in rows:
            day = row[time][:10]
            if day not in writers:
                if len(writers) == MAX_DAYS:
                    raise UsageError(f"more than {MAX_DAYS} days: choose a range with --from and --to")
                (new / f"day={day}").mkdir()
                file = new / f"day={day}" / f"part.{format_name}"
                writers[day] = stack.enter_context(writer(file, format_name, columns, form))
            waiting[day].append(row)
            if len(waiting[day]) >= _AT_ONCE:
                writers[day](waiting.pop(day))
        for day, left in waiting.items():
            writers[day](left)
