"""JSON Schema, Python type and examples of each contract say the same."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NoReturn, get_args

import jsonschema  # type: ignore[import-untyped]  # ships no types
import msgspec
import pytest
from referencing import Registry, Resource

from sandik.counting.language import load_detector
from sandik_schemas.burst import Burst
from sandik_schemas.control import Control
from sandik_schemas.count import Count
from sandik_schemas.load import NAMES, json_schema
from sandik_schemas.mention import Mention, Term
from sandik_schemas.partial import PartialRecord
from sandik_schemas.post import MIN_CREATED_AT_MS, Post
from sandik_schemas.term import TermCount

SCHEMAS = Path(__file__).parents[2] / "schemas"
EXAMPLES = sorted((SCHEMAS / "examples").glob("*/v1/*/*.json"))
GOOD = [path for path in EXAMPLES if path.parent.name == "good"]
BAD = [path for path in EXAMPLES if path.parent.name == "bad"]
TYPES: Mapping[str, Any] = {
    "post": Post,
    "mention": Mention,
    "count": Count,
    "term": TermCount,
    "burst": Burst,
    "partial": PartialRecord,
    "late": Post,
    "control": Control,
}
REGISTRY: Registry[Any] = Registry().with_resources(
    (json_schema(name)["$id"], Resource.from_contents(json_schema(name))) for name in NAMES
)


def name_of(example: Path) -> str:
    return example.parents[2].name


def label(example: Path) -> str:
    return f"{name_of(example)}/{example.stem}"


def validate(name: str, value: object) -> None:
    jsonschema.Draft202012Validator(json_schema(name), registry=REGISTRY).validate(value)


def parse(text: bytes) -> object:
    def no_json(constant: str) -> NoReturn:
        raise ValueError(f"{constant} is not JSON")

    return json.loads(text.decode("utf-8"), parse_constant=no_json)


@pytest.mark.parametrize("example", GOOD, ids=label)
def test_a_good_example_is_valid_by_the_schema_and_decodes(example: Path) -> None:
    validate(name_of(example), parse(example.read_bytes()))
    msgspec.json.decode(example.read_bytes(), type=TYPES[name_of(example)])


@pytest.mark.parametrize("example", BAD, ids=label)
def test_a_bad_example_is_refused_by_the_schema_and_by_the_type(example: Path) -> None:
    with pytest.raises((jsonschema.ValidationError, ValueError)):
        validate(name_of(example), parse(example.read_bytes()))
    with pytest.raises((msgspec.DecodeError, UnicodeDecodeError)):
        msgspec.json.decode(example.read_bytes(), type=TYPES[name_of(example)])


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("post", {"created_at_ms": MIN_CREATED_AT_MS - 1}),
        ("mention", {"tags": ["all"]}),
        ("mention", {"tags": []}),
        ("mention", {"text": "not ours to repeat"}),
        ("count", {"count": -1}),
        ("count", {"share": 1.01}),
        ("count", {"tag": "Choice!"}),
        ("count", {"window_start": "2023-05-12 11:00"}),
        ("count", {"schema_version": 2}),
        ("count", {"delta": 1}),
        ("partial", {"offset": -1}),
        ("partial", {"clock_ms": 1}),
    ],
)
def test_the_schema_also_refuses_what_types_cannot_say(name: str, change: dict[str, object]) -> None:
    example = json_schema(name)["examples"][0]
    validate(name, example)

    with pytest.raises(jsonschema.ValidationError):
        validate(name, {**example, **change})


@pytest.mark.parametrize("name", NAMES)
def test_a_schema_is_one_and_its_own_examples_fit(name: str) -> None:
    schema = json_schema(name)

    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft7Validator.check_schema(schema)
    assert schema["$id"] == f"urn:sandik:schemas:{name}:v1"
    assert schema["title"] == f"{name} v1"
    for example in schema["examples"]:
        validate(name, example)


@pytest.mark.parametrize("name", NAMES)
def test_every_property_is_described_with_the_unit_its_name_promises(name: str) -> None:
    for path, part in parts(json_schema(name), name):
        assert part.get("description"), f"{path} has no description"
        if path.endswith("_ms"):
            assert "milliseconds" in part["description"], path


@pytest.mark.parametrize("name", NAMES)
def test_inbound_schemas_are_open_and_ours_are_closed(name: str) -> None:
    allowed = {
        part["additionalProperties"] for _, part in parts(json_schema(name), name) if "properties" in part
    }

    assert allowed == ({True} if name == "post" else set() if name == "late" else {False})


@pytest.mark.parametrize(
    ("struct", "schema"),
    [
        (Post, json_schema("post")),
        (Mention, json_schema("mention")),
        (Term, json_schema("mention")["properties"]["terms"]["items"]),
        (Count, json_schema("count")),
        (TermCount, json_schema("term")),
        *zip(get_args(PartialRecord), json_schema("partial")["oneOf"], strict=True),
    ],
)
def test_type_and_schema_have_the_same_fields_and_require_the_same(
    struct: type[msgspec.Struct], schema: dict[str, Any]
) -> None:
    fields = msgspec.structs.fields(struct)
    config = struct.__struct_config__
    tag = {config.tag_field} if config.tag_field else set()

    assert {field.encode_name for field in fields} | tag == set(schema["properties"])
    assert {field.encode_name for field in fields if field.required} | tag == set(schema["required"])
    if config.tag_field:
        assert schema["properties"][config.tag_field]["const"] == config.tag


def test_every_example_names_the_detector_of_today() -> None:
    version = load_detector().version
    schemas = [json_schema(name) for name in NAMES]
    examples: list[Any] = [parse(path.read_bytes()) for path in GOOD]
    examples += [example for schema in schemas for example in schema["examples"]]
    named = [one["detector_version"] for one in examples if "detector_version" in one]
    for schema in schemas:
        named += schema.get("properties", {}).get("detector_version", {}).get("examples", [])

    assert set(named) == {version}


def test_the_earliest_event_time_is_the_same_in_type_and_schemas() -> None:
    for name in ("post", "mention"):
        assert json_schema(name)["properties"]["created_at_ms"]["minimum"] == MIN_CREATED_AT_MS


def test_every_schema_has_good_and_bad_examples_and_there_are_no_orphans() -> None:
    files = (SCHEMAS / "sandik_schemas" / "json").glob("*.json")
    assert {path.name for path in files} == {f"{name}.v1.schema.json" for name in NAMES}
    assert {name_of(path) for path in GOOD} == set(NAMES)
    assert {name_of(path) for path in BAD} == set(NAMES)
    everything = {path for path in (SCHEMAS / "examples").rglob("*") if path.is_file()}
    assert everything == set(GOOD) | set(BAD)


def test_an_unknown_name_is_refused_with_the_known_ones() -> None:
    with pytest.raises(KeyError, match="post, mention, count"):
        json_schema("dlq")


def parts(schema: Mapping[str, Any], path: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the schema and every schema inside it, with where it stands."""
    yield path, schema
    inner = {
        **schema.get("properties", {}),
        "[]": schema.get("items"),
        "{}": schema.get("additionalProperties"),
    }
    inner |= {f"oneOf/{number}": one for number, one in enumerate(schema.get("oneOf", ()))}
    for name, part in inner.items():
        if isinstance(part, Mapping):
            yield from parts(part, f"{path}.{name}")
