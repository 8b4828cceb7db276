"""Every fixture yields exactly what is written beside it. The fixtures are invented, in the formats' shapes.

After a change that is meant, `python -m tests.ingest.formats.test_golden` writes the expectations again; read
what it changed.
"""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from sandik.ingest.formats import FORMATS
from sandik.ingest.inputs import open_source, read
from sandik.ingest.items import Item
from sandik_schemas.post import Post

FIXTURES = Path(__file__).parent.parent / "fixtures"
EXPECTED = FIXTURES / "expected"


def inputs() -> list[Path]:
    return sorted(path for path in FIXTURES.iterdir() if path.is_file())


def yielded(path: Path) -> Iterator[bytes]:
    for item in read([open_source(str(path), None)]):
        yield msgspec.json.encode(_plain(item, path)) + b"\n"


def _plain(item: Item, path: Path) -> object:
    if isinstance(item, Post):
        return item
    return {
        type(item).__name__.lower(): item.reason,
        "where": item.where.removeprefix(f"{path}:"),
        "detail": item.detail,
    }


@pytest.mark.parametrize("path", inputs(), ids=lambda path: path.name)
def test_a_fixture_yields_what_is_written_beside_it(path: Path) -> None:
    expected = (EXPECTED / f"{path.name}.jsonl").read_bytes()

    assert b"".join(yielded(path)).decode() == expected.decode()


def test_every_format_has_a_fixture() -> None:
    binary = {"parquet", "xlsx", "bluesky-car"}  # made by their own tests
    assert {open_source(str(path), None).format for path in inputs()} == set(FORMATS) - binary


def test_no_expectation_is_left_over() -> None:
    assert {path.name for path in EXPECTED.iterdir()} == {f"{path.name}.jsonl" for path in inputs()}


if __name__ == "__main__":
    EXPECTED.mkdir(exist_ok=True)
    for path in inputs():
        (EXPECTED / f"{path.name}.jsonl").write_bytes(b"".join(yielded(path)))
