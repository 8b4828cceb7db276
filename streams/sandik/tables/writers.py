"""Rows -> JSON lines, CSV or Parquet. The same rows give the same bytes."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple, get_type_hints

import msgspec

from sandik.errors import UsageError
from sandik.files.atomic import new_file
from sandik.tables.csv_texts import guarded
from sandik_schemas.mention import Term

Row = Mapping[str, Any]
Write = Callable[[Sequence[Row]], None]

SUFFIXES = {".jsonl": "jsonl", ".ndjson": "jsonl", ".csv": "csv", ".parquet": "parquet"}
#: Rows of one row group of a Parquet file.
_GROUP = 50_000
#: Columns of ISO times in UTC; in Parquet they have a type of their own.
TIMES = frozenset({"window_start", "window_end", "created_at"})

#: Column -> type: text, int, float, bool, time, texts (a list), terms (a list of objects).
Columns = Mapping[str, str]

#: A CSV field with one of these is quoted; some programs split at `;` or a tab.
_QUOTED = re.compile(r"[\",;\t\r\n]")

_KINDS = {str: "text", int: "int", float: "float", bool: "bool", tuple[str, ...]: "texts"}


class CsvForm(NamedTuple):
    """How CSV is written. `is_raw`: spreadsheets may run its texts. `has_bom`: so that Excel reads UTF-8."""

    is_raw: bool = False
    has_bom: bool = False


USUAL_CSV = CsvForm()


def columns_of(struct: type[msgspec.Struct], without: Iterable[str] = ()) -> dict[str, str]:
    """Return the columns of a message type, in the order of its fields."""
    left_out = set(without)
    return {
        name: "time" if name in TIMES else _kind(hint)
        for name, hint in get_type_hints(struct).items()
        if name not in left_out
    }


def _kind(hint: Any) -> str:
    if hint == tuple[Term, ...]:
        return "terms"
    for of in (hint, *getattr(hint, "__args__", ())):
        if of in _KINDS:
            return _KINDS[of]
    return "text"  # a literal


def format_of(path: Path) -> str:
    """Return the format by the suffix of the file. UsageError for an unknown suffix."""
    found = SUFFIXES.get(path.suffix)
    if found is None:
        raise UsageError(f"{path}: the name must end in .jsonl, .csv or .parquet")
    return found


def check_writable(path: Path) -> None:
    """Raise UsageError if the file cannot be written."""
    if not path.absolute().parent.is_dir():
        raise UsageError(f"{path}: no such folder: {path.parent}")
    if format_of(path) == "parquet":
        _pyarrow()


def write_table(
    path: Path, columns: Columns, rows: Iterable[Row], *, form: CsvForm = USUAL_CSV, replaces: bool = True
) -> None:
    """Write the rows to a file, which appears when it is complete.

    Raises:
        UsageError: the suffix is unknown, or the file exists and must not be replaced.
        SandikError: the disk is full or not writable.
    """
    left = iter(rows)
    with new_file(path, replaces=replaces) as new, writer(new, format_of(path), columns, form) as write:
        while batch := list(islice(left, _GROUP)):
            write(batch)


def writer(
    path: Path, format_name: str, columns: Columns, form: CsvForm = USUAL_CSV
) -> AbstractContextManager[Write]:
    """Lend a function that writes rows to a file of that format."""
    if format_name == "csv":
        return _csv(path, columns, form)
    return {"jsonl": _jsonl, "parquet": _parquet}[format_name](path, columns)


@contextmanager
def _jsonl(path: Path, columns: Columns) -> Iterator[Write]:
    with path.open("wb") as file:
        yield lambda rows: file.writelines(
            msgspec.json.encode({name: row[name] for name in columns}) + b"\n" for row in rows
        )


@contextmanager
def _csv(path: Path, columns: Columns, form: CsvForm) -> Iterator[Write]:
    def line(values: Iterable[Any]) -> str:
        return ",".join(_field(value, is_raw=form.is_raw) for value in values) + "\n"

    with path.open("w", encoding="utf-8-sig" if form.has_bom else "utf-8", newline="") as file:
        file.write(line(columns))
        yield lambda rows: file.writelines(line(row[name] for name in columns) for row in rows)


def _field(value: Any, *, is_raw: bool) -> str:
    """Return a field for CSV. Numbers are our own, so negative ones need no guard."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    text = msgspec.json.encode(value).decode() if isinstance(value, tuple | list) else value
    if not is_raw:
        text = guarded(text)
    return '"' + text.replace('"', '""') + '"' if _QUOTED.search(text) else text


@contextmanager
def _parquet(path: Path, columns: Columns) -> Iterator[Write]:
    arrow, parquet = _pyarrow()
    schema = arrow.schema([(name, _arrow_type(arrow, kind)) for name, kind in columns.items()])

    def table(rows: Sequence[Row]) -> Any:
        return arrow.table(
            {name: [_arrow_value(row[name], kind) for row in rows] for name, kind in columns.items()}, schema
        )

    with parquet.ParquetWriter(path, schema, compression="zstd") as out:
        yield lambda rows: out.write_table(table(rows))


def _arrow_type(arrow: Any, kind: str) -> Any:
    term = [
        ("term", arrow.string()),
        ("tag", arrow.string()),
        ("start", arrow.int64()),
        ("end", arrow.int64()),
        ("is_sum", arrow.bool_()),
    ]
    return {
        "text": arrow.string(),
        "int": arrow.int64(),
        "float": arrow.float64(),
        "bool": arrow.bool_(),
        "time": arrow.timestamp("ms", tz="UTC"),
        "texts": arrow.list_(arrow.string()),
        "terms": arrow.list_(arrow.struct(term)),
    }[kind]


def _arrow_value(value: Any, kind: str) -> Any:
    if kind == "time":
        return None if value is None else datetime.fromisoformat(value)
    if kind == "terms":
        return [msgspec.structs.asdict(term) for term in value]
    return list(value) if kind == "texts" else value


def _pyarrow() -> tuple[Any, Any]:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise UsageError(
            "Parquet needs pyarrow: install sandik[parquet], or choose .jsonl or .csv"
        ) from error
    return pyarrow, pyarrow.parquet
