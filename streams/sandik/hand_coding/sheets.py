"""Write the tables for coders, and read the filled-in tables."""

import csv
import sys
from collections.abc import Iterator, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import msgspec

from sandik.errors import UsageError
from sandik.tables.csv_texts import unguarded
from sandik.tables.writers import CsvForm, write_table
from sandik.tables.xlsx import write_xlsx

ITEM, ID, NOTE = "item", "id", "note"
#: Valid codes. Anything else is an error, because it would be lost silently.
_YES = frozenset({"1", "1.0", "yes", "y", "true", "x", "evet", "e", "да", "д"})
_NO = frozenset({"0", "0.0", "no", "n", "false", "hayır", "h", "нет", "н"})
_UNTOLD = frozenset({"", "?", "na", "n/a"})
#: Half a megabyte: many times Excel's longest text.
_MOST_CHARACTERS = 1 << 19
_WIDTHS = {"text": 90, NOTE: 30, "created_at": 22}

#: Item -> tag -> whether the post is about it; None if undecided or empty.
Codes = dict[str, dict[str, bool | None]]


def write_sheets(folder: Path, tags: Sequence[str], posts: Sequence[dict[str, Any]]) -> Iterator[Path]:
    """Write the posts as CSV, Excel and JSON lines, with an empty column per tag; yield the files.

    `posts` have item, created_at, language and text. Without xlsxwriter, no Excel file is written.
    """
    columns = dict.fromkeys((ITEM, "created_at", "language", "text", *tags, NOTE), "text")
    rows = [{**dict.fromkeys(columns, ""), **post} for post in posts]
    for path, form in ((folder / "posts.csv", CsvForm(has_bom=True)), (folder / "posts.jsonl", CsvForm())):
        write_table(path, columns, rows, form=form)
        yield path
    if find_spec("xlsxwriter") is None:
        sys.stderr.write("no posts.xlsx: Excel files need xlsxwriter (pip install 'sandik[coding]')\n")
        return
    write_xlsx(folder / "posts.xlsx", list(columns), rows, _WIDTHS)
    yield folder / "posts.xlsx"


def read_codes(path: Path, tags: Sequence[str], ids: Mapping[str, str] | None = None) -> Codes:
    """Return the codes of a table, with rows and columns in any order.

    A table may have the `id` of posts instead of items: `ids` has the post of each item. Posts outside the
    sample are ignored, so codes can be reused for other samples with the same posts.

    Raises:
        UsageError: it is not such a table, an item occurs twice, or a code is invalid.
    """
    found: Codes = {}
    items = {post: item for item, post in (ids or {}).items()}
    for number, row in enumerate(_rows(path), 2):
        if ID in row and ITEM not in row:
            if str(row[ID]) in items:
                found[items[str(row[ID])]] = {tag: _code(row, tag, path, number) for tag in tags}
            continue
        item = str(row.get(ITEM) or "").strip().removesuffix(".0")
        if not item:
            if any(str(value or "").strip() for value in row.values()):
                raise UsageError(f"{path}, row {number}: no item; keep the column `{ITEM}` unchanged")
            continue
        if item in found:
            raise UsageError(f"{path}, row {number}: item {item} occurs twice")
        found[item] = {tag: _code(row, tag, path, number) for tag in tags}
    if not found:
        raise UsageError(f"{path} has no rows of this sample")
    return found


def _code(row: dict[str, Any], tag: str, path: Path, number: int) -> bool | None:
    if tag not in row:
        raise UsageError(f"{path}: no column `{tag}`: fill in the table that `sandik sample` has written")
    value = row[tag]
    told = "" if value is None else str(value).strip().casefold()
    if told in _UNTOLD:
        return None
    if told not in _YES | _NO:
        raise UsageError(f"{path}, row {number}: {value!r} in `{tag}`: write 1, 0 or ?")
    return told in _YES


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    try:
        if path.suffix == ".xlsx":
            yield from _xlsx_rows(path)
        elif path.suffix in (".jsonl", ".ndjson"):
            with path.open("rb") as lines:
                yield from (msgspec.json.decode(line, type=dict[str, Any]) for line in lines if line.strip())
        else:
            yield from _csv_rows(path)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}") from error
    except (csv.Error, UnicodeDecodeError, msgspec.MsgspecError, RecursionError) as error:
        raise UsageError(
            f"{path} is not a table of codes ({error}): save it as CSV in UTF-8, or .xlsx"
        ) from error


def _csv_rows(path: Path) -> Iterator[dict[str, Any]]:
    csv.field_size_limit(_MOST_CHARACTERS)
    with path.open(encoding="utf-8-sig", newline="") as file:
        head = file.readline()
        # With Turkish or Russian settings Excel saves with semicolons.
        delimiter = max(",;\t", key=head.count)
        file.seek(0)
        for row in csv.DictReader(file, delimiter=delimiter):
            yield {name: unguarded(value or "") for name, value in row.items() if isinstance(name, str)}


def _xlsx_rows(path: Path) -> Iterator[dict[str, Any]]:
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        head, *rows = CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python()
    except (CalamineError, ValueError) as error:
        raise UsageError(f"{path} is not a readable Excel file: {error}") from error
    names = [str(name) for name in head]
    yield from (dict(zip(names, row, strict=False)) for row in rows)
