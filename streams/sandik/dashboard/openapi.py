"""The API as OpenAPI 3.1, made of the JSON Schema of its answers. Pure."""

import json
from pathlib import Path
from typing import Any

from sandik.dashboard.api_types import MOST_MS, MOST_ROLLUP_MS, PARAMETERS, SOURCE_LETTERS

SCHEMA = Path(__file__).parent / "api.v1.schema.json"


def _whole(least: int, most: int, description: str) -> dict[str, Any]:
    return {"schema": {"type": "integer", "minimum": least, "maximum": most}, "description": description}


def _text(description: str, **more: Any) -> dict[str, Any]:
    return {"schema": {"type": "string", **more}, "description": description}


def _list(letters: int) -> dict[str, str]:
    """Return the pattern of a list with commas: at most 100 parts of so many letters."""
    part = f"[^,]{{1,{letters}}}"
    return {"pattern": f"^({part}(,{part}){{0,99}})?$"}


_LIST = _list(64)
_PARAMETERS = {
    "rollup_ms": {
        "schema": {
            "oneOf": [{"type": "integer", "minimum": 1, "maximum": MOST_ROLLUP_MS}, {"const": "auto"}]
        },
        "description": "Length of a bucket in milliseconds, whole windows; `auto`: what suits the span.",
    },
    "language": _text(
        "Only these languages, by code or name, commas between; `*`: all together. Default: all.", **_LIST
    ),
    "tag": _text("Only these tags, with commas between. Default: all.", **_LIST),
    "among": _text("The languages that `*` sums, with commas between. Default: all.", **_LIST),
    "source": _text(
        "Only posts of these sources or their channels, commas between. Needs SANDIK_SOURCES.",
        **_list(SOURCE_LETTERS),
    ),
    "share": _text("What shares are of: the name of a pair, or a tag among all posts."),
    "from_ms": _whole(0, MOST_MS, "Windows that start at this time or later."),
    "to_ms": _whole(0, MOST_MS, "Windows that start before this time."),
    "span_ms": _whole(1, MOST_MS, "Instead of both: the time before the end of the newest window."),
    "by": _text("What parts are told apart by.", enum=["language", "source"]),
    "since": _text("The version to continue from: that of an earlier answer, or the id of an event."),
}
_MOST = {"where": "How many parts have points: those with the most posts."}
_LIMITS = {"posts": 100, "terms": 200, "where": 100}


def openapi(version: str) -> dict[str, Any]:
    """Return the document; `version` is that of sandik."""
    schemas = json.loads(SCHEMA.read_text(encoding="utf-8"))["$defs"]
    paths = {}
    for path, parameters in PARAMETERS.items():
        name = path.removeprefix("/api/").removesuffix(".atom")
        if "." not in name and name != "schema":
            paths[path] = {"get": _operation(name, [_named(one, name) for one in parameters])}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "sandik dashboard",
            "version": version,
            "description": "What the page shows. Times are milliseconds since 1970-01-01T00:00:00Z.",
        },
        "paths": paths,
        "components": {"schemas": schemas},
    }


def _operation(name: str, parameters: list[dict[str, Any]]) -> dict[str, Any]:
    responses: dict[str, Any] = {"400": _answer("error", "An invalid request, with the reason.")}
    if name == "bursts":
        said = "The bursts of the rows, the newest first, at most 50."
        responses["200"] = _told(said, "application/atom+xml")
    elif name == "stream":
        said = "Server-sent events: `rows`, as counts; `status`; `reset`, to start again."
        responses["200"] = _told(said, "text/event-stream")
        responses["503"] = {"description": "Too many clients follow already."}
    else:
        responses["200"] = _answer(name, "The answer.")
    return {"operationId": name, "parameters": parameters, "responses": responses}


def _answer(schema: str, description: str) -> dict[str, Any]:
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
    return {"description": description, "content": content}


def _told(description: str, kind: str) -> dict[str, Any]:
    return {"description": description, "content": {kind: {"schema": {"type": "string"}}}}


def _named(name: str, operation: str) -> dict[str, Any]:
    if name == "limit":
        found = _whole(1, _LIMITS[operation], _MOST.get(operation, "At most so many."))
    else:
        found = _PARAMETERS[name]
    return {"name": name, "in": "query", **found}
