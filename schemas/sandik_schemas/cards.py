"""The topics as the contract has them: `topics.toml` as Python values."""

import tomllib
from collections.abc import Mapping
from importlib.resources import files
from typing import Literal

import msgspec


class Card(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a reader or writer of a topic has to know. Texts are Markdown.

    `direction` is as the workers see it. `partitions` is `one`, or `many`: as many as `posts`. `key_pattern`
    is None where a key may be any bytes, `schema` where a value may be. Every record has `headers`;
    `optional_headers` only some. `only_with` is the setting that switches the topic on, None for those that
    there always are.
    """

    name: str
    about: str
    direction: Literal["receive", "send", "both"]
    writers: str
    readers: str
    key: str
    timestamp: str
    partitions: Literal["one", "many"]
    order: str
    delivery: str
    compatibility: str
    config: Mapping[str, str | int]
    schema: str | None = None
    key_pattern: str | None = None
    key_example: str | None = None
    headers: Mapping[str, str] = {}
    optional_headers: Mapping[str, str] = {}
    only_with: str | None = None

    @property
    def all_headers(self) -> dict[str, str]:
        """Return the meaning of each header, those that every record has first."""
        return {**self.headers, **{name: f"Optional. {text}" for name, text in self.optional_headers.items()}}


class Cards(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All topics, in the order of the flow, and how many partitions `many` are by default."""

    default_partitions: int
    topic: tuple[Card, ...]

    def partitions(self, card: Card) -> int:
        """Return how many partitions the topic has with the default settings."""
        return 1 if card.partitions == "one" else self.default_partitions


def load_cards() -> Cards:
    """Return the cards; msgspec.ValidationError, with the place, when the file is not as it should be."""
    text = (files("sandik_schemas") / "topics.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), Cards)
