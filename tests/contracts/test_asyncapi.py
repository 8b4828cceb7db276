"""`asyncapi.yaml` is a valid AsyncAPI 3.0 document and says what schemas and cards say."""

import copy
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]  # ships no types
import pytest
from referencing import Registry
from referencing.jsonschema import DRAFT7

from sandik import __version__
from sandik.kafka.topics import all_topics
from sandik_schemas.cards import load_cards
from sandik_schemas.generate import asyncapi_yaml, readme
from sandik_schemas.load import json_schema
from tests.support import quick_yaml
from tests.support.wider import EVERYTHING

with warnings.catch_warnings():  # two of its fields are called as methods of pydantic are
    warnings.simplefilter("ignore")
    from asyncapi3.models.asyncapi import AsyncAPI3  # type: ignore[import-untyped]  # ships no types

SCHEMAS = Path(__file__).parents[2] / "schemas"
TEXT = (SCHEMAS / "sandik_schemas" / "asyncapi.yaml").read_text(encoding="utf-8")
DOCUMENT: dict[str, Any] = quick_yaml.load(TEXT)


def test_a_validator_accepts_it() -> None:
    AsyncAPI3.model_validate(DOCUMENT)
    assert DOCUMENT["asyncapi"] == "3.0.0"


@pytest.mark.parametrize(
    "spoil",
    [
        lambda document: document["info"].pop("version"),
        lambda document: document["channels"]["counts"].update(partitions=1),
        lambda document: document["channels"]["counts"]["bindings"]["kafka"].update(partitions=0),
        lambda document: document["operations"]["send-counts"].update(action="publish"),
        lambda document: document["components"]["messages"]["counts"].update(schema={}),
    ],
)
def test_the_validator_is_one(spoil: Callable[[dict[str, Any]], object]) -> None:
    spoilt = copy.deepcopy(DOCUMENT)
    spoil(spoilt)

    with pytest.raises(ValueError, match="validation error"):
        AsyncAPI3.model_validate(spoilt)


def test_it_and_the_readme_are_fresh() -> None:
    again = "run `make schemas`"

    assert asyncapi_yaml(load_cards(), __version__) == TEXT, again
    assert readme(load_cards()) == (SCHEMAS / "README.md").read_text(encoding="utf-8"), again


def test_every_reference_leads_somewhere_inside() -> None:
    references = list(_references(DOCUMENT))

    assert references
    for reference in references:
        assert reference.startswith("#/"), reference
        _at(reference)


def test_topics_and_partitions_are_those_that_are_created() -> None:
    kafka = [channel["bindings"]["kafka"] for channel in DOCUMENT["channels"].values()]

    assert [(topic["topic"], topic["partitions"]) for topic in kafka] == [
        spec[:2] for spec in all_topics(EVERYTHING)
    ]
    assert [channel["address"] for channel in DOCUMENT["channels"].values()] == [
        topic["topic"] for topic in kafka
    ]


def test_posts_are_received_and_the_rest_is_sent() -> None:
    actions = {
        (operation["action"], _at(operation["channel"]["$ref"])["address"])
        for operation in DOCUMENT["operations"].values()
    }
    topics = {spec.name for spec in all_topics(EVERYTHING)}

    assert actions == {("send", topic) for topic in topics - {"posts"}} | {
        ("receive", "posts"),
        ("receive", "partials"),
        ("receive", "control"),
    }


@pytest.mark.parametrize("message", DOCUMENT["components"]["messages"].values(), ids=lambda one: one["name"])
def test_the_examples_of_a_message_fit_its_payload_and_key(message: dict[str, Any]) -> None:
    jsonschema.Draft7Validator.check_schema(message["payload"])
    jsonschema.Draft7Validator.check_schema(message.get("headers", {}))
    key = message["bindings"]["kafka"]["key"]
    for example in key.get("examples", ()):
        jsonschema.Draft7Validator(key).validate(example)
    for example in message.get("examples", ()):
        assert _is_valid(message["payload"], example["payload"])


@pytest.mark.parametrize("name", DOCUMENT["components"]["schemas"])
def test_a_schema_inside_accepts_and_refuses_what_the_file_does(name: str) -> None:
    inside = DOCUMENT["components"]["schemas"][name]
    changes: list[dict[str, Any]] = [{}, {"schema_version": 2}, {"tag": "x"}, {"id": ""}, {"offset": -2}]

    assert inside["title"] == json_schema(name)["title"]
    for example in json_schema(name)["examples"]:
        for changed in ({**example, **change} for change in changes):
            without = {field: value for field, value in changed.items() if field != next(iter(example))}
            for value in (changed, without):
                assert _is_valid(inside, value) == _is_valid_by_file(name, value), value


def _is_valid(schema: dict[str, Any], value: object) -> bool:
    inside: Registry[Any] = Registry().with_resource("urn:document", DRAFT7.create_resource(DOCUMENT))
    rooted = _rooted(schema)
    valid: bool = jsonschema.Draft7Validator(rooted, registry=inside).is_valid(value)
    return valid


def _is_valid_by_file(name: str, value: object) -> bool:
    registry: Registry[Any] = Registry().with_resources(
        (json_schema(other)["$id"], DRAFT7.create_resource(json_schema(other))) for other in ("post", name)
    )
    valid: bool = jsonschema.Draft7Validator(json_schema(name), registry=registry).is_valid(value)
    return valid


def _rooted(value: Any) -> Any:
    """Return the schema with its references made absolute: they start at the document, not at itself."""
    if isinstance(value, dict):
        return {
            name: f"urn:document{part}" if name == "$ref" else _rooted(part) for name, part in value.items()
        }
    return [_rooted(part) for part in value] if isinstance(value, list) else value


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, part in value.items():
            if name == "$ref":
                yield part
            else:
                yield from _references(part)
    elif isinstance(value, list):
        for part in value:
            yield from _references(part)


def _at(reference: str) -> Any:
    found: Any = DOCUMENT
    for step in reference.removeprefix("#/").split("/"):
        found = found[step]
    return found
