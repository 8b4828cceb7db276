"""Write README.md and asyncapi.yaml again: `python -m sandik_schemas.generate VERSION`. Needs PyYAML.

Run `make schemas` after a change of `topics.toml` or of a JSON Schema, and when the version changes; a test
says so.
"""

import sys
from pathlib import Path
from typing import Any

import yaml

from sandik_schemas.asyncapi import document
from sandik_schemas.cards import Card, Cards, load_cards

_JSON = "sandik_schemas/json"
_HEAD = f"""\
# The contract: topics and schemas

What sandik reads and writes, for programs in any language. `sandik schemas` prints it, wherever sandik is
installed.

| | |
|---|---|
| [`json/`][json] | the value of each topic as JSON Schema: title, meaning, unit and examples of every field |
| [`asyncapi.yaml`][asyncapi] | all of it as one AsyncAPI 3.0 document, for generators of code |
| [`examples/`](examples) | messages that every validator must accept (`good`) or refuse (`bad`) |
| [`released/`](released) | the schemas as released; newer ones must be compatible with each of them |
| [`topics.toml`][topics] | the cards below, as data: this file and `asyncapi.yaml` are made from it |

The folder `sandik_schemas` is installed with sandik; it has the same contract as Python types.
[`docs/consume.md`](../docs/consume.md) says how to draw `counts`, with recipes.

## What may change

Within v1, and a test fails otherwise (`compatibility.py` has the rules):

- **`posts`, which others write: what was valid stays valid.** No new required field, no narrower type, range
  or set of values, and no field goes.
- **The rest, which others read: the same, and readers meet nothing that they do not know.** No field becomes
  optional; no type, set of values or pattern changes; no range widens. New optional fields may come at any
  time: ignore those that you do not know.

Anything else is v2, on a topic of its own. At a release the schemas are copied:
`cp sandik_schemas/json/*.schema.json released/VERSION/`.

## Topics

SANDIK_TOPIC_PREFIX stands before every name, if it is set.

[json]: {_JSON}
[asyncapi]: sandik_schemas/asyncapi.yaml
[topics]: sandik_schemas/topics.toml
"""


def readme(cards: Cards) -> str:
    """Return schemas/README.md."""
    return "\n".join([_HEAD, *(_card(card, cards.partitions(card)) for card in cards.topic)])


def asyncapi_yaml(cards: Cards, version: str) -> str:
    """Return schemas/sandik_schemas/asyncapi.yaml."""
    head = "# Made by `make schemas` from topics.toml and json/: change those.\n"
    body: str = yaml.dump(
        document(cards, version), Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=110
    )
    return head + body


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002  # the same value twice is no reference
        return True


def _card(card: Card, partitions: int) -> str:
    many = f"as `posts`: `SANDIK_PARTITIONS`, {partitions} by default"
    value = (
        f"[`{card.schema} v1`]({_JSON}/{card.schema}.v1.schema.json)" if card.schema else "the original bytes"
    )
    rows = {
        "written by": card.writers,
        "read by": card.readers,
        "key": card.key,
        "value": value,
        "record timestamp": card.timestamp,
        "partitions": "1" if card.partitions == "one" else many,
        "retention": _retention(card),
        "order": card.order,
        "delivery": card.delivery,
        "compatibility": card.compatibility,
    }
    about = f"{card.about} There only with `{card.only_with}`." if card.only_with else card.about
    lines = [f"### `{card.name}`", "", about, "", "| | |", "|---|---|"]
    lines += [f"| {name} | {_cell(text)} |" for name, text in rows.items()]
    if card.all_headers:
        lines += ["", "| header (text) | |", "|---|---|"]
        lines += [f"| `{name}` | {_cell(text)} |" for name, text in card.all_headers.items()]
    return "\n".join(lines) + "\n"


def _retention(card: Card) -> str:
    day_ms = 86_400_000
    if card.config["cleanup.policy"] == "compact":
        lag_days = int(card.config["min.compaction.lag.ms"]) // day_ms
        older = f"older ones at least {lag_days} day after their timestamp"
        return f"compacted: the last record of each key is kept forever, {older}"
    return f"{int(card.config['retention.ms']) // day_ms} days"


def _cell(text: str) -> str:
    # A bar ends a table's cell, even between backquotes.
    return text.replace("|", "\\|")


def main() -> None:
    """Write both files."""
    here = Path(__file__).parent
    cards = load_cards()
    (here.parent / "README.md").write_text(readme(cards), encoding="utf-8")
    (here / "asyncapi.yaml").write_text(asyncapi_yaml(cards, sys.argv[1]), encoding="utf-8")


if __name__ == "__main__":
    main()
