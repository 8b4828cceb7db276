"""Rows -> a file, or a folder with one a day: OUT/day=2023-05-11/part.parquet, as DuckDB and others read."""

import shutil
from collections import defaultdict
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path

from streams.errors import UsageError
from streams.export.tables import Columns, Row, Write, writer

#: Days whose files are open at once.
MAX_DAYS = 400
_AT_ONCE = 20_000


def write_days(folder: Path, format_name: str, columns: Columns, time: str, rows: Iterable[Row]) -> None:
    """Write each row to the file of its day, UTC. The folder is there when it is complete, and not before.

    Raises:
        UsageError: there are too many days.
    """
    new = folder.with_name(f".{folder.name}.new")
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir()
    waiting: defaultdict[str, list[Row]] = defaultdict(list)
    writers: dict[str, Write] = {}
    with ExitStack() as stack:
        for row in rows:
            day = row[time][:10]
            if day not in writers:
                if len(writers) == MAX_DAYS:
                    raise UsageError(f"more than {MAX_DAYS} days: take a range with --from and --to")
                (new / f"day={day}").mkdir()
                file = new / f"day={day}" / f"part.{format_name}"
                writers[day] = stack.enter_context(writer(file, format_name, columns))
            waiting[day].append(row)
            if len(waiting[day]) >= _AT_ONCE:
                writers[day](waiting.pop(day))
        for day, left in waiting.items():
            writers[day](left)
    new.replace(folder)
