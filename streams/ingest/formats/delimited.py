"""CSV and TSV with a header, or with the columns given by number.

CSV fields may be quoted and hold line breaks; the separator is the one that the header has most of, since
spreadsheets of half the world write semicolons. TSV is split on tabs and nothing else: in such files a tweet
that starts with a quotation mark is common, and under CSV rules it would swallow its neighbours.
"""

import csv
import io
from collections.abc import Iterable, Iterator
from itertools import chain

from streams.errors import UsageError
from streams.ingest.items import Item, Rejected, RejectReason

from .table import Plan, TableOptions, plan, read_row

SEPARATORS = ",;\t|"
MAX_FIELD_CHARACTERS = 16 << 20


def read(
    source: io.BufferedIOBase, options: TableOptions, default_source: str, *, is_tsv: bool
) -> Iterator[Item]:
    """Yield one post or Rejected per row. `where` is the line on which the row ends.

    Raises:
        UsageError: the columns or the encoding cannot be told.
    """
    try:
        # Bytes that are not of the encoding become lone surrogates, so that a bad row does not end the file.
        text = io.TextIOWrapper(source, options.encoding, errors="surrogateescape", newline="")  # type: ignore[type-var]
        yield from _read(text, options, default_source, is_tsv=is_tsv)
    except (LookupError, UnicodeError) as error:
        raise UsageError(f"--encoding {options.encoding}: {error}") from error


def _read(text: io.TextIOBase, options: TableOptions, default_source: str, *, is_tsv: bool) -> Iterator[Item]:
    lines = chain([first_line := text.readline()], text)
    separator = "\t" if is_tsv else max(SEPARATORS, key=first_line.count)
    rows = _tab_rows(lines) if is_tsv else _quoted_rows(lines, separator)
    how: Plan | None = None
    number = 0
    for line, row in rows:
        if isinstance(row, Rejected):
            yield row
        elif how is None:
            header = row if options.has_header else [str(index) for index in range(1, len(row) + 1)]
            how = plan(header, options, default_source)
            if options.has_header:
                continue
        if how is not None and not isinstance(row, Rejected) and any(row):
            number += 1
            yield _located(row, line, number, how)


_Row = list[str] | Rejected


def _tab_rows(lines: Iterable[str]) -> Iterator[tuple[int, _Row]]:
    for number, line in enumerate(lines, start=1):
        if line.strip("\r\n"):
            yield number, line.rstrip("\r\n").split("\t")


def _quoted_rows(lines: Iterable[str], separator: str) -> Iterator[tuple[int, _Row]]:
    csv.field_size_limit(MAX_FIELD_CHARACTERS)
    reader = csv.reader(lines, delimiter=separator)
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            where = f"line {reader.line_num}"
            yield reader.line_num, Rejected(RejectReason.BAD_COLUMNS, str(error), where)
        else:
            if row:
                yield reader.line_num, row


def _located(row: list[str], line: int, number: int, how: Plan) -> Item:
    item = _read_cells(row, number, how)
    return item._replace(where=f"line {line}") if isinstance(item, Rejected) else item


def _read_cells(row: list[str], number: int, how: Plan) -> Item:
    if any(not cell.isascii() and _has_surrogates(cell) for cell in row):
        return Rejected(
            RejectReason.NOT_UTF8, "bytes that are not of the encoding: say which with --encoding"
        )
    return read_row(row, number, how)


def _has_surrogates(cell: str) -> bool:
    try:
        cell.encode()
    except UnicodeEncodeError:
        return True
    return False
