"""Rows -> an Excel file of texts, without formulas and links."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sandik.errors import UsageError

#: Of the file, so that the same rows give the same bytes.
_CREATED = datetime(2000, 1, 1, tzinfo=UTC).replace(tzinfo=None)
#: The longest text of a cell in Excel.
_MOST_CHARACTERS = 32_767


def write_xlsx(
    path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, Any]], widths: Mapping[str, int]
) -> None:
    """Write the rows as texts. `widths`: column -> width in characters; such a column is wrapped.

    Raises:
        UsageError: a package is missing.
    """
    try:
        from xlsxwriter import Workbook
    except ImportError as error:
        raise UsageError("Excel files need xlsxwriter: install sandik[coding]") from error
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with Workbook(str(path), options) as book:
        book.set_properties({"created": _CREATED})
        sheet = book.add_worksheet("posts")
        wrapped, bold = book.add_format({"text_wrap": True, "valign": "top"}), book.add_format({"bold": True})
        sheet.freeze_panes(1, 0)
        for at, name in enumerate(columns):
            sheet.set_column(at, at, widths.get(name, 12), wrapped)
            sheet.write_string(0, at, name, bold)
        for line, row in enumerate(rows, 1):
            for at, name in enumerate(columns):
                sheet.write_string(line, at, str(row[name] or "")[:_MOST_CHARACTERS])
