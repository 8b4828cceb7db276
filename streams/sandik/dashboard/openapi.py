"""The API as OpenAPI 3.1, made of the JSON Schema of its answers. Pure."""

import json
from pathlib import Path
from typing import Any

from sandik.dashboard.api_types import SOURCE_LETTERS

SCHEMA = Path(__file__).parent / "api.v1.schema.json"

_MOST_MS = 1 << 53
_DAY_MS = 86_400_000


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
    "rollup_ms": _whole(1, 366 * _DAY_MS, "Length of a bucket in milliseconds, a multiple of a window's."),
    "language": _text("Only these languages, commas between; `*`: all together. Default: all.", **_LIST),
    "tag": _text("Only these tags, with commas between. Default: all.", **_LIST),
    "among": _text("The languages that `*` sums, with commas between. Default: all.", **_LIST),
    "source": _text(
        "Only posts of these sources or their channels, commas between. Needs SANDIK_SOURCES.",
        **_list(SOURCE_LETTERS),
    ),
    "share": _text("What shares are of: the name of a pair, or a tag among all posts."),
    "from_ms": _whole(0, _MOST_MS, "Windows that start at this time or later."),
    "to_ms": _whole(0, _MOST_MS, "Windows that start before this time."),
    "span_ms": _whole(1, _MOST_MS, "Instead of both: the time before the end of the newest window."),
    "since": _text("The version to continue from: that of an earlier answer, or the id of an event."),
}
_MOST = {"where": "How many parts have points: those with the most posts."}
_QUERY = ("rollup_ms", "language", "tag", "among", "source", "share", "from_ms", "to_ms", "span_ms")


def openapi(version: str) -> dict[str, Any]:
    """Return the document; `version` is that of sandik."""
    schemas = json.loads(SCHEMA.read_text(encoding="utf-8"))["$defs"]
    limits = {"posts": 100, "terms": 200, "where": 100}
    paths = {}
    for name in ("counts", "headline", "posts", "terms", "where"):
        parameters = [_named(one) for one in _QUERY]
        if name in limits:
            parameters.append(_named("limit", _whole(1, limits[name], _MOST.get(name, "At most so many."))))
        if name == "where":
            parameters.append(
                _named("by", _text("What parts are told apart by.", enum=["language", "source"]))
            )
        paths[f"/api/{name}"] = {"get": _operation(name, parameters, "application/json")}
    paths["/api/status"] = {"get": _operation("status", [], "application/json", may_refuse=False)}
    paths["/api/bursts.atom"] = {
        "get": _operation("bursts", [_named(one) for one in _QUERY], "application/atom+xml")
    }
    events = [_named(one) for one in (*_QUERY, "since")]
    paths["/api/stream"] = {"get": _operation("stream", events, "text/event-stream")}
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


def _operation(
    name: str, parameters: list[dict[str, Any]], kind: str, *, may_refuse: bool = True
) -> dict[str, Any]:
    responses: dict[str, Any]
    if name == "bursts":
        said = "The bursts of the rows, the newest first, at most 50."
        responses = {"200": {"description": said, "content": {kind: {"schema": {"type": "string"}}}}}
    elif name == "stream":
        said = "Server-sent events: `rows`, as counts; `status`; `reset`, to start again."
        responses = {
            "200": {"description": said, "content": {kind: {"schema": {"type": "string"}}}},
            "503": {"description": "Too many clients follow already."},
        }
    else:
        responses = {"200": _answer(name, "The answer.")}
    if may_refuse:
        responses["400"] = _answer("error", "An invalid request, with the reason.")
    return {"operationId": name, "parameters": parameters, "responses": responses}


def _answer(schema: str, description: str) -> dict[str, Any]:
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
    return {"description": description, "content": content}


def _named(name: str, parameter: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"name": name, "in": "query", **(parameter or _PARAMETERS[name])}
