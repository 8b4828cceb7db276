"""The cards of the topics say what the code does, and every field of a schema says what it is."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import jsonschema  # type: ignore[import-untyped]  # ships no types
import msgspec
import pytest
from aiokafka import ConsumerRecord
from faust.types import TP

from sandik.counting.decode import Reason, Rejected
from sandik.counting.fold import Late
from sandik.counting.windows.panes import session_key
from sandik.kafka.dead_letter import ATTEMPTS, LEFT_OUT, REDRIVEN_FROM, dead_letter, late_post
from sandik.kafka.topics import (
    BURSTS,
    CONTROL,
    COUNTS,
    COUNTS_HOPPING,
    COUNTS_SESSIONS,
    COUNTS_SOURCES,
    COUNTS_TERMS,
    PARTIALS,
    POSTS_DLQ,
    POSTS_LATE,
    all_topics,
)
from sandik.settings import Settings
from sandik.telemetry.trace_headers import TRACEPARENT
from sandik_schemas.burst import Burst
from sandik_schemas.cards import Card, load_cards
from sandik_schemas.control import Control
from sandik_schemas.count import Count
from sandik_schemas.load import NAMES, json_schema
from sandik_schemas.partial import Partial, PartialRecord, typed
from sandik_schemas.term import TermCount
from tests.support.wider import EVERYTHING, WIDER

CARDS = load_cards()
BY_NAME = {card.name: card for card in CARDS.topic}
UNIT = re.compile(
    r"milliseconds since 1970|\b[Nn]umber of|0 to 1|divided by|in code points|counted likewise|"
    r"[Pp]artition of|[Oo]ffset of|[Vv]ersion|2 x \(posts"
)


def fields_of(schema: Mapping[str, Any], path: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name, field in schema.get("properties", {}).items():
        yield f"{path}.{name}", field
        yield from fields_of(field, f"{path}.{name}")
    for inner in ("items", "additionalProperties"):
        if isinstance(schema.get(inner), Mapping):
            yield from fields_of(schema[inner], f"{path}[]")
    for one in schema.get("oneOf", ()):
        yield from fields_of(one, f"{path}/{one['title']}")


with_schema = pytest.mark.parametrize(
    "card", [card for card in CARDS.topic if card.schema], ids=lambda card: card.name
)
fields = pytest.mark.parametrize(("path", "field"), [f for n in NAMES for f in fields_of(json_schema(n), n)])


@pytest.mark.parametrize("partitions", [None, 36])
def test_topics_partitions_and_configuration_are_those_that_are_created(partitions: int | None) -> None:
    settings = EVERYTHING.model_copy(update={} if partitions is None else {"partitions": partitions})
    cards = msgspec.structs.replace(CARDS, default_partitions=partitions or CARDS.default_partitions)

    assert [
        (card.name, cards.partitions(card), {name: str(value) for name, value in card.config.items()})
        for card in cards.topic
    ] == [(spec.name, spec.partitions, dict(spec.config)) for spec in all_topics(settings)]


@pytest.mark.parametrize("on", [{}, *({name: WIDER[name]} for name in WIDER if "advance" not in name)])
def test_a_topic_is_there_only_with_the_setting_that_its_card_names(on: dict[str, int]) -> None:
    if "hopping_size_ms" in on:
        on = on | {"hopping_advance_ms": WIDER["hopping_advance_ms"]}
    names = {f"SANDIK_{name.upper()}" for name in on}

    assert [card.name for card in CARDS.topic if card.only_with is None or card.only_with in names] == [
        spec.name for spec in all_topics(Settings.model_validate(on))
    ]


@with_schema
def test_the_key_is_described_as_the_code_makes_it(card: Card) -> None:
    assert card.schema is not None
    for example in json_schema(card.schema)["examples"]:
        if card.schema == "count" and ("source" in example) != (card.name == COUNTS_SOURCES):
            continue
        key = _key(card.name, example)
        assert re.search(card.key_pattern or "never", key), key
    assert re.search(card.key_pattern or "never", card.key_example or "")


def test_a_schema_is_that_of_one_topic_save_that_all_counts_are_alike() -> None:
    counts = {card.name for card in CARDS.topic if card.schema == "count"}

    assert counts == {COUNTS, COUNTS_SOURCES, COUNTS_HOPPING, COUNTS_SESSIONS}
    others = [card.schema for card in CARDS.topic if card.schema and card.name not in counts]
    assert sorted([*others, "count"]) == sorted(NAMES)


def test_the_headers_are_those_that_are_written() -> None:
    record = ConsumerRecord("posts", 0, 7, 1, 0, b"k", b"v", None, 1, 1, ())
    late = late_post(POSTS_LATE, TP("posts", 0), record, Late(7, 1, 0, 60_001), 60_000)
    dead = dead_letter(POSTS_DLQ, TP("posts", 0), record, Rejected(Reason.NOT_JSON, "detail"))

    for written in (late, dead):
        assert {name for name, _ in written.headers or ()} == set(BY_NAME[written.topic].headers)


def test_the_optional_headers_are_those_that_are_written() -> None:
    named = {name for card in CARDS.topic for name in card.optional_headers}

    by_reference = {"original_last_offset", "packed_bytes", "unpacked_bytes"}
    assert named == {TRACEPARENT, ATTEMPTS, REDRIVEN_FROM, LEFT_OUT, *by_reference}


def test_the_reasons_of_dead_letters_are_all_named() -> None:
    assert set(re.findall(r"`(\w+)`", BY_NAME[POSTS_DLQ].headers["reason"])) == {str(one) for one in Reason}


@fields
def test_every_field_has_a_title_and_a_meaning(path: str, field: Mapping[str, Any]) -> None:
    assert field["title"], path
    assert field["description"].endswith("."), path


@fields
def test_every_number_has_a_unit(path: str, field: Mapping[str, Any]) -> None:
    types = [field["type"]] if isinstance(field["type"], str) else field["type"]
    if {"integer", "number"} & set(types):
        assert UNIT.search(field["description"]), f"{path}: {field['description']}"


@fields
def test_every_field_has_examples_and_they_fit(path: str, field: Mapping[str, Any]) -> None:
    assert field["examples"], path
    for example in field["examples"]:
        jsonschema.Draft202012Validator(field).validate(example)


def _key(topic: str, example: dict[str, Any]) -> str:
    if topic == COUNTS_SESSIONS:
        start_ms, language, tag = (example[name] for name in ("window_start_ms", "language", "tag"))
        return session_key(start_ms, WIDER["session_gap_ms"], language, tag).decode()
    if topic in (COUNTS, COUNTS_HOPPING, COUNTS_SOURCES):
        return msgspec.convert(example, Count).key.decode()
    if topic == BURSTS:
        return msgspec.convert(example, Burst).key.decode()
    if topic == COUNTS_TERMS:
        return msgspec.convert(example, TermCount).key.decode()
    if topic == PARTIALS:
        partial: Partial = typed(msgspec.convert(example, PartialRecord))
        return partial.key.decode()
    if topic == CONTROL:
        control: Control = msgspec.convert(example, Control)
        return control.key.decode()
    return str(example["id"])
