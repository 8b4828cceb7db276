"""Whatever a source sends, an adapter answers with items, and every post it makes is a post v1."""

import io
import json
from functools import cache
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandik.ingest.decoding.frames import Convert, decode_json, read_object
from sandik.ingest.formats import FORMATS, Content, jetstream, mastodon, read_format, reddit, x, youtube
from sandik.ingest.formats.declared import catalogue
from sandik.ingest.formats.pick import converter
from sandik.ingest.formats.picked_tables import columns_of
from sandik.ingest.formats.table import TableOptions
from sandik.ingest.inputs import open_source
from sandik_schemas.post import Post
from tests.ingest.formats.test_golden import inputs

CONVERTERS: dict[str, Convert] = {
    "jetstream": jetstream.convert,
    "mastodon": mastodon.convert,
    "reddit": reddit.convert,
    "x": x.convert,
    "youtube": youtube.convert,
    **{
        name: converter(form, TableOptions(), "x")
        for name, form in catalogue().items()
        if form.fields is not None and form.container in ("json", "both")
    },
}
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5)
    | st.sampled_from(["2023-05-11T18:00:00Z", "9" * 40, "0001-01-01T00:00:00+14:00", "&#xD800;", "#"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@cache
def real_objects(name: str) -> list[object]:
    """Return the objects of the format's fixtures."""
    found: list[object] = []
    for path in inputs():
        if open_source(str(path), None).format == name and path.suffix not in (".csv", ".sse"):
            text = path.read_bytes().partition(b"= ")[2] if path.suffix == ".js" else path.read_bytes()
            for part in (
                (text,) if path.suffix in (".json", ".js") and text[-2:] != b"}\n" else text.splitlines()
            ):
                try:
                    value = decode_json(part)
                except msgspec.DecodeError:
                    continue
                found += value if isinstance(value, list) else [value]
    assert found
    return found


def places(value: object, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the path of everything inside a value."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for key, one in inside for found in places(one, (*path, key)))]


def replaced(value: Any, path: tuple[Any, ...], by: object) -> Any:
    if not path:
        return by
    copy = value.copy()
    copy[path[0]] = replaced(value[path[0]], path[1:], by)
    return copy


@pytest.mark.parametrize("name", CONVERTERS)
@given(data=st.data())
def test_a_real_object_with_anything_in_any_place_yields_items(name: str, data: st.DataObject) -> None:
    value = data.draw(st.sampled_from(real_objects(name)))
    path = data.draw(st.sampled_from(places(value)))
    broken = replaced(value, path, data.draw(JSON))

    items = list(read_object(json.dumps(broken).encode(), CONVERTERS[name]))

    assert all(is_sound(item) for item in items)


@pytest.mark.parametrize("name", sorted(set(FORMATS) - {"parquet"}))
@given(data=st.binary(max_size=200))
def test_any_bytes_at_all_yield_items(name: str, data: bytes) -> None:
    form = catalogue()[name]
    columns = columns_of(form) if form.container in ("table", "both") and form.fields else []
    header = {"csv": b"a,b\n", "tsv": b"a\tb\n"}.get(
        name, ",".join(columns).encode() + b"\n" if columns else b""
    )
    options = TableOptions(columns={"time": "a", "text": "b"})
    content = Content(io.BufferedReader(io.BytesIO(header + data)), io.FileIO("/dev/null"), "x", options)

    assert all(is_sound(item) for item in read_format(name, content))


def is_sound(item: object) -> bool:
    """Tell whether a post is one in the strict sense of the contract; whatever else is sound as it is."""
    return not isinstance(item, Post) or msgspec.json.decode(msgspec.json.encode(item), type=Post) == item


def test_the_fixtures_cover_every_adapter_of_objects() -> None:
    assert all(real_objects(name) for name in CONVERTERS)


def test_nesting_without_end_is_rejected_and_not_an_error() -> None:
    deep = b'{"data":' * 100_000 + b"1" + b"}" * 100_000

    assert [type(item).__name__ for item in read_object(deep, x.convert)] == ["Rejected"]


def test_a_listing_in_a_listing_in_a_listing_is_rejected_and_not_an_error() -> None:
    nested = b'{"kind":"Listing","data":{"children":[' * 400 + b"{}" + b"]}}" * 400

    assert [type(item).__name__ for item in read_object(nested, reddit.convert)] == ["Rejected"]
