"""The JSON Schemas as Python values, for tests and for validators of other programs."""

import json
from importlib.resources import files
from typing import Any

#: The contracts that have a JSON Schema, in the order of the flow.
NAMES = ("post", "mention", "count", "term", "burst", "partial", "late", "control")
VERSION = 1


def json_schema(name: str) -> dict[str, Any]:
    """Return the JSON Schema 2020-12 of `name`; KeyError when there is none of that name."""
    if name not in NAMES:
        raise KeyError(f"no schema {name!r}: there are {', '.join(NAMES)}")
    text = (files("sandik_schemas") / "json" / f"{name}.v{VERSION}.schema.json").read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema
