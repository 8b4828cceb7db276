"""The contract as an AsyncAPI 3.0 document, made from the cards and the JSON Schemas. Pure.

The schemas are inlined, so that the document stands alone: many tools cannot follow a reference into
another file, and none follows a URN.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from sandik_schemas.cards import Card, Cards
from sandik_schemas.load import NAMES, json_schema

BINDING = "0.5.0"
_URN = re.compile(r"urn:sandik:schemas:(\w+):v1")


def document(cards: Cards, version: str) -> dict[str, Any]:
    """Return the document of sandik's `version`, as a value to write as YAML or JSON."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "sandik",
            "version": version,
            "description": "How much a stream of social posts speaks of an election, of deepfakes, and of "
            "both, by minute and language. Seen from the workers: they receive `posts` and send the rest. "
            "SANDIK_TOPIC_PREFIX stands before every topic name, if it is set.",
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        },
        "defaultContentType": "application/json",
        "servers": {
            "kafka": {
                "host": "127.0.0.1:9092",
                "protocol": "kafka",
                "description": "Any Kafka from 4.1 on: SANDIK_BROKER.",
                "bindings": {"kafka": {"bindingVersion": BINDING}},
            }
        },
        "channels": {_id(card): _channel(card, cards.partitions(card)) for card in cards.topic},
        "operations": dict(operation for card in cards.topic for operation in _operations(card)),
        "components": {
            "messages": {_id(card): _message(card) for card in cards.topic},
            "schemas": {name: _inlined(json_schema(name)) for name in NAMES},
        },
    }


def _id(card: Card) -> str:
    # Code generators make names of ids, and not all of them can make one of a dot.
    return card.name.replace(".", "-")


def _channel(card: Card, partitions: int) -> dict[str, Any]:
    policy = {**card.config, "cleanup.policy": [card.config["cleanup.policy"]]}
    kafka = {
        "topic": card.name,
        "partitions": partitions,
        "topicConfiguration": policy,
        "bindingVersion": BINDING,
    }
    return {
        "address": card.name,
        "description": f"{card.about} {_condition(card)}Order: {card.order}. Delivery: {card.delivery}. "
        f"Compatibility: {card.compatibility}.",
        "messages": {_id(card): {"$ref": f"#/components/messages/{_id(card)}"}},
        "bindings": {"kafka": kafka},
    }


def _condition(card: Card) -> str:
    return f"There only with {card.only_with}. " if card.only_with else ""


def _operations(card: Card) -> Iterator[tuple[str, Any]]:
    actions: Iterable[str] = ("send", "receive") if card.direction == "both" else (card.direction,)
    for action in actions:
        who = f"Written by {card.writers}." if action == "send" else f"Read by {card.readers}."
        yield (
            f"{action}-{_id(card)}",
            {
                "action": action,
                "channel": {"$ref": f"#/channels/{_id(card)}"},
                "description": who,
                "messages": [{"$ref": f"#/channels/{_id(card)}/messages/{_id(card)}"}],
            },
        )


def _message(card: Card) -> dict[str, Any]:
    key: dict[str, Any] = {"description": f"Key: {card.key}. Record timestamp: {card.timestamp}."}
    if card.key_pattern:
        key |= {"type": "string", "pattern": card.key_pattern, "examples": [card.key_example]}
    message: dict[str, Any] = {
        "name": card.schema or card.name,
        "title": f"{card.schema} v1" if card.schema else "any record",
        "summary": card.about,
        "bindings": {"kafka": {"key": key, "bindingVersion": BINDING}},
    }
    if card.all_headers:
        message["headers"] = {
            "type": "object",
            "properties": {
                name: {"type": "string", "description": text} for name, text in card.all_headers.items()
            },
        }
        if card.headers:
            message["headers"]["required"] = list(card.headers)
    if card.schema is None:
        anything = {"description": "The original bytes: of any kind, or none."}
        return message | {"contentType": "application/octet-stream", "payload": anything}
    examples = [{"payload": example} for example in json_schema(card.schema)["examples"]]
    return message | {"payload": {"$ref": f"#/components/schemas/{card.schema}"}, "examples": examples}


def _inlined(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema for use inside the document: without an identity of its own."""
    inlined: dict[str, Any] = _rewritten(
        {name: value for name, value in schema.items() if name not in ("$schema", "$id", "examples")}
    )
    return inlined


def _rewritten(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            name: _URN.sub(r"#/components/schemas/\1", part) if name == "$ref" else _rewritten(part)
            for name, part in value.items()
        }
    return [_rewritten(part) for part in value] if isinstance(value, list) else value
