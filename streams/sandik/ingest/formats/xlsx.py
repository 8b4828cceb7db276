"""Excel and OpenDocument: every sheet with columns for time and text, read by python-calamine.

A workbook is read into memory, as by every such library; a sheet has at most 1,048,576 rows. Dates have no
zone, so `--zone` is needed.
"""

import io
import zipfile
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time
from typing import BinaryIO

from sandik.errors import UsageError
from sandik.ingest.formats.picked_tables import plan, recognised_by
from sandik.ingest.formats.rows import read_rows
from sandik.ingest.formats.table import TableOptions
from sandik.ingest.items import Item, Rejected, RejectReason, Skipped, SkipReason

#: A zip archive, and the compound file of Excel 97.
MAGICS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
MAX_WORKBOOK_BYTES = 64 << 20
MAX_UNPACKED_BYTES = 512 << 20
_PARTS = ("xl/", "[content_types].xml", "content.xml")
_MAX_PREAMBLE_ROWS = 40


def is_workbook(file: BinaryIO) -> bool:
    """Return whether a zip archive is a workbook. The file position is restored."""
    at = file.tell()
    try:
        with zipfile.ZipFile(file) as archive:
            names = [name.lower() for name in archive.namelist()]
    except (zipfile.BadZipFile, OSError, ValueError):
        return False
    finally:
        file.seek(at)
    is_excel = any(name.startswith(_PARTS[0]) for name in names)
    return is_excel or (_PARTS[2] in names and "mimetype" in names)


def read(data: bytes, options: TableOptions, default_source: str) -> Iterator[Item]:
    """Yield one post or Rejected per row. `where` is the sheet and its row."""
    if len(data) > MAX_WORKBOOK_BYTES or _unpacked_bytes(data) > MAX_UNPACKED_BYTES:
        limits = f"{MAX_WORKBOOK_BYTES >> 20} MiB, or {MAX_UNPACKED_BYTES >> 20} MiB unpacked"
        yield Rejected(RejectReason.TOO_LARGE, f"a workbook of more than {limits}: save it as CSV", "file")
        return
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(data))
        for name in workbook.sheet_names:
            rows = workbook.get_sheet_by_name(name).to_python(skip_empty_area=False)
            yield from _sheet(name, rows, options, default_source)
    except (CalamineError, OSError) as error:
        detail = f"the workbook cannot be read ({error}): save it as CSV"
        yield Rejected(RejectReason.NOT_AN_EXPORT, detail, "file")


def _unpacked_bytes(data: bytes) -> int:
    """Return the unpacked size that a workbook declares; readers enforce it."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return sum(part.file_size for part in archive.infolist())
    except (zipfile.BadZipFile, OSError, ValueError):
        return 0  # Excel 97, which is not compressed


def _sheet(
    name: str, rows: Sequence[Sequence[object]], options: TableOptions, default_source: str
) -> Iterator[Item]:
    how = None
    begins = 0
    told = "an empty sheet"
    for place, row in enumerate(rows[:_MAX_PREAMBLE_ROWS]):
        header = [str(cell) for cell in row] if options.has_header else list(map(str, range(1, len(row) + 1)))
        try:
            how = plan(header, recognised_by(header, options), default_source)
        except UsageError as error:
            # Mostly the first row is the header, but some exports put a report's name before it.
            told = str(error) if place == 0 else told
            continue
        begins = place + options.has_header
        break
    if how is None:
        yield Skipped(SkipReason.OTHER_FILE, told, f"sheet {name}")
        return
    there = (
        (f"sheet {name}, row {place}", [_cell(cell) for cell in row])
        for place, row in enumerate(rows[begins:], start=begins + 1)
        if any(cell not in ("", None) for cell in row)
    )
    yield from read_rows(there, how)


def _cell(value: object) -> object:
    """Return a cell as in other tables: a workbook stores every number as a float."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1 << 53:
        return int(value)
    if isinstance(value, datetime):
        return value
    if isinstance(value, (date, time)):
        return value.isoformat()
    return value
