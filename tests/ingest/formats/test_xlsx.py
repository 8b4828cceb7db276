"""Workbooks, written here with nothing but zip: the parts that Excel needs, and no others."""

import io
import zipfile
from pathlib import Path
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

from sandik.ingest.formats.table import TableOptions
from sandik.ingest.inputs import open_source, read
from sandik.ingest.items import Item, Rejected, Skipped
from sandik_schemas.post import Post

SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
Cell = str | float


def workbook(sheets: dict[str, list[list[Cell]]]) -> bytes:
    """Return a workbook whose numbers are shown as dates where the first row says `date`."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        parts = "".join(
            f'<Override PartName="/xl/worksheets/sheet{n}.xml" ContentType="application/'
            f'vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>'
            for n in range(1, len(sheets) + 1)
        )
        archive.writestr(
            "[Content_Types].xml",
            f'<Types xmlns="{PACKAGE}/content-types"><Default Extension="rels" ContentType="application/'
            f'vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType='
            f'"application/xml"/><Override PartName="/xl/workbook.xml" ContentType="application/'
            f'vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>{parts}</Types>',
        )
        archive.writestr(
            "_rels/.rels",
            f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="r" '
            f'Type="{RELATION}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        )
        listed = "".join(
            f'<sheet name="{name}" sheetId="{n}" r:id="r{n}"/>' for n, name in enumerate(sheets, start=1)
        )
        archive.writestr(
            "xl/workbook.xml",
            f'<workbook xmlns="{SHEET}" xmlns:r="{RELATION}"><sheets>{listed}</sheets></workbook>',
        )
        related = "".join(
            f'<Relationship Id="r{n}" Type="{RELATION}/worksheet" Target="worksheets/sheet{n}.xml"/>'
            for n in range(1, len(sheets) + 1)
        )
        archive.writestr(
            "xl/_rels/workbook.xml.rels",
            f'<Relationships xmlns="{PACKAGE}/relationships">{related}<Relationship Id="s" '
            f'Type="{RELATION}/styles" Target="styles.xml"/></Relationships>',
        )
        archive.writestr(
            "xl/styles.xml",
            f'<styleSheet xmlns="{SHEET}"><cellXfs><xf numFmtId="0"/><xf numFmtId="22"/></cellXfs>'
            "</styleSheet>",
        )
        for n, rows in enumerate(sheets.values(), start=1):
            body = "".join(f"<row>{''.join(cell(one) for one in row)}</row>" for row in rows)
            archive.writestr(
                f"xl/worksheets/sheet{n}.xml",
                f'<worksheet xmlns="{SHEET}"><sheetData>{body}</sheetData></worksheet>',
            )
    return file.getvalue()


def cell(value: Cell) -> str:
    if isinstance(value, str):
        return f'<c t="inlineStr"><is><t>{escape(value)}</t></is></c>'
    return f'<c s="{int(isinstance(value, float))}"><v>{value}</v></c>'


def items(
    tmp_path: Path, sheets: dict[str, list[list[Cell]]], options: TableOptions | None = None
) -> list[Item]:
    path = tmp_path / "kitap.xlsx"
    path.write_bytes(workbook(sheets))
    return list(read([open_source(str(path), None, options)]))


def test_every_sheet_with_time_and_text_is_read_and_the_others_are_told(tmp_path: Path) -> None:
    found = items(
        tmp_path,
        {
            "Notlar": [["Rapor", "2023"]],
            "Mayıs": [["id", "created_at", "text"], ["7", "2023-05-11T18:00:00Z", "Sandık"]],
            "Haziran": [["Rapor"], [], ["id", "created_at", "text"], [8, "2023-06-11T18:00:00Z", "Oy"]],
        },
        TableOptions(source="anket"),
    )

    assert [item.id for item in found if isinstance(item, Post)] == ["anket:7", "anket:8"]
    [skipped] = [item for item in found if isinstance(item, Skipped)]
    assert "sheet Notlar" in skipped.where
    assert "no column for the time" in skipped.detail


def test_a_date_of_a_spreadsheet_needs_a_zone(tmp_path: Path) -> None:
    sheets: dict[str, list[list[Cell]]] = {"S": [["id", "date", "text"], ["7", 45057.875, "Sandık"]]}

    [rejected] = items(tmp_path, sheets)
    assert isinstance(rejected, Rejected)
    assert (rejected.reason, "--zone" in rejected.detail) == ("bad_time", True)
    [post] = items(tmp_path, sheets, TableOptions(zone=ZoneInfo("Europe/Istanbul")))
    assert isinstance(post, Post)
    assert post.created_at_ms == 1_683_828_000_000  # 2023-05-11T21:00:00+03:00


def test_a_sheet_of_a_format_that_is_known_is_read_as_such(tmp_path: Path) -> None:
    header: list[Cell] = ["Query Id", "Query Name", "Date", "Title", "Snippet", "Url", "Full Text", "Author"]
    row: list[Cell] = ["1", "q", "2023-05-11 18:00:00", "", "Kısa", "https://a.example/1", "Uzun", "ali"]

    [post] = items(tmp_path, {"S": [["Report:", "x"], [], header, row]}, TableOptions(zone=ZoneInfo("UTC")))
    assert post == Post(
        "brandwatch:https://a.example/1",
        "brandwatch",
        1_683_828_000_000,
        "Uzun",
        "ali",
        url="https://a.example/1",
    )


def test_a_zip_that_is_no_workbook_is_an_archive_and_a_broken_workbook_says_what_to_do(
    tmp_path: Path,
) -> None:
    path = tmp_path / "a.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/worksheets/sheet1.xml", "<worksheet/>")

    [rejected] = read([open_source(str(path), None)])
    assert isinstance(rejected, Rejected)
    assert (rejected.reason, "save it as CSV" in rejected.detail) == ("not_an_export", True)
