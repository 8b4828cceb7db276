"""CSV and TSV with a header, or with the columns given by number.

The separator is the most frequent one in the header (many spreadsheets write semicolons), or given by a line
`sep=;`. Lines before the header, such as the name of a report, are skipped. TSV is split at tabs only: tweets
that start with a quotation mark are common in such files, and by CSV rules they would swallow the rows after
them. Quotes are considered only if the number of columns is wrong otherwise.
"""

import codecs
import io
import re
from codecs import BOM_UTF8
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain
from typing import NamedTuple

from sandik.errors import UsageError
from sandik.ingest.formats.cell_times import has_time
from sandik.ingest.formats.picked_tables import plan
from sandik.ingest.formats.quoted import MAX_ROW_CHARACTERS, Row, Rows, State, parsed, state_after
from sandik.ingest.formats.rows import read_rows
from sandik.ingest.formats.table import TableOptions
from sandik.ingest.items import Item, Rejected, RejectReason
from sandik.ingest.recognise.table_start import separator_of, zone_in

#: The header must be within this many lines.
MAX_PREAMBLE_LINES = 30
_SEPARATOR_LINE = re.compile(r'"?sep=(.)"?', re.IGNORECASE | re.DOTALL)


def read(
    source: io.BufferedReader, options: TableOptions, default_source: str, *, is_tsv: bool
) -> Iterator[Item]:
    """Yield one post or Rejected per row. `where` is the line on which the row ends.

    Raises:
        UsageError: the columns or the encoding are unknown.
    """
    head = source.peek(len(BOM_UTF8))
    # A byte order mark is more reliable than the option; UTF-16 was already converted to UTF-8 with one.
    encoding = "utf-8-sig" if head.startswith(BOM_UTF8) else options.encoding
    # A lone \r may be part of a text, unless only \r ends lines.
    newline = "" if b"\r" in head and b"\n" not in head else "\n"
    try:
        codecs.lookup(encoding)
    except LookupError as error:
        raise UsageError(f"--encoding {encoding}: {error}") from error
    try:
        # Invalid bytes become lone surrogates, so that one bad row does not end the file.
        text = io.TextIOWrapper(source, encoding, errors="surrogateescape", newline=newline)
        yield from _read(_lines(text), options, default_source, is_tsv=is_tsv)
    except UnicodeError as error:
        raise UsageError(f"--encoding {encoding}: {error}") from error


def _lines(text: io.TextIOBase) -> Iterator[str | None]:
    """Yield the lines with their ends, without NUL; None for a line that is too long for a row."""
    while line := text.readline(MAX_ROW_CHARACTERS):
        whole: str | None = line
        while line and len(line) == MAX_ROW_CHARACTERS and not line.endswith(("\n", "\r")):
            whole, line = None, text.readline(MAX_ROW_CHARACTERS)
        yield whole.replace("\0", "") if whole is not None and "\0" in whole else whole


class _Header(NamedTuple):
    """The names of the columns, and the number of the line on which they end."""

    names: list[str]
    separator: str
    line: int


def _read(
    lines: Iterator[str | None], options: TableOptions, default_source: str, *, is_tsv: bool
) -> Iterator[Item]:
    taken: list[str | None] = []
    header = _header(lines, taken, options, is_tsv=is_tsv)
    if header is None:
        if None in taken:
            yield Rejected(RejectReason.TOO_LARGE, "a line longer than any header or row", "line 1")
        return
    how = plan(header.names, options, default_source)
    if how.zone is None:
        how = replace(how, zone=zone_in(taken[: header.line - 1]))
    above = header.line if options.has_header else header.line - 1
    following = chain(taken[above:], lines)
    rows = Rows(following, header.separator, above + 1, is_tsv=header.separator == "\t")
    rows.columns, rows.is_row = len(header.names), lambda row: has_time(row, how)
    width = len(header.names)
    yield from read_rows(
        ((f"line {line}", _checked(row, width)) for line, row in rows if _is_there(row)), how
    )


def _header(
    lines: Iterator[str | None], taken: list[str | None], options: TableOptions, *, is_tsv: bool
) -> _Header | None:
    """Return the first line that names a time and a text, else the first line, which is then reported.

    All lines read are appended to `taken`.
    """
    told: str | None = None
    first: _Header | None = None
    held = open_line = 0
    for line in lines:
        taken.append(line)
        held += len(line or "")
        began = len(taken)
        if line is None or not line.strip():
            continue
        if len(taken) == 1 and (found := _SEPARATOR_LINE.fullmatch(line.rstrip("\r\n"))):
            told = found[1]
            continue
        separator = told or ("\t" if is_tsv else separator_of(line))
        state = State.COMPLETE if separator == "\t" else state_after(line, separator)
        while state is State.OPEN and (more := next(lines, None)) is not None:
            taken.append(more)
            line += more
            state = state_after(more, separator, state)
            if len(taken) > MAX_PREAMBLE_LINES or len(line) > MAX_ROW_CHARACTERS:
                break
        if state is not State.COMPLETE:
            open_line = open_line or began
        names = line.rstrip("\r\n").split("\t") if separator == "\t" else parsed(line, separator) or []
        if not options.has_header:
            names = [str(index) for index in range(1, len(names) + 1)]
        header = _Header(names, separator, len(taken))
        first = first or header
        if not options.has_header or _names_columns(names, options):
            return header
        if len(taken) >= MAX_PREAMBLE_LINES or held > MAX_ROW_CHARACTERS:
            break
    if open_line:
        raise UsageError(f"a quotation mark on line {open_line} is not closed, and no header is found")
    return first


def _names_columns(names: Sequence[str], options: TableOptions) -> bool:
    try:
        plan(names, options, "table")
    except UsageError:
        return False
    return True


def _is_there(row: Row) -> bool:
    return isinstance(row, Rejected) or any(row)


def _checked(row: Row, width: int) -> Row:
    if isinstance(row, Rejected):
        return row
    if any(row[width:]):
        detail = f"{len(row)} columns, not {width}: is a separator in a text that is not quoted?"
        return Rejected(RejectReason.BAD_COLUMNS, detail)
    if any(not cell.isascii() and _has_surrogates(cell) for cell in row):
        detail = "bytes that the encoding does not have: name the encoding with --encoding"
        return Rejected(RejectReason.NOT_UTF8, detail)
    return row


def _has_surrogates(cell: str) -> bool:
    try:
        cell.encode()
    except UnicodeEncodeError:
        return True
    return False
