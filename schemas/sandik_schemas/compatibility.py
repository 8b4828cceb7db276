"""Is a schema compatible with a released one? Pure: two JSON Schemas in, a list of breaks out.

Both directions are one question, asked with the schemas changed over: does `after` accept whatever
`before` accepted?

posts and late posts   the newer schema must accept what the released one did: others write them
the rest               that too, because topics keep old records; and the released schema must accept what is
                       written now, except for new optional fields: others read them

Only the keywords of `_KNOWN` are understood. Any other is a break, rather than a change that nobody saw.
"""

from collections.abc import Iterator, Mapping
from typing import Any

#: The schemas of values that others write, so that only the writers' view counts.
WRITTEN_BY_OTHERS = frozenset({"post", "late"})

_COMMENTS = {"$schema", "$id", "title", "description", "examples"}
_LOWER_BOUNDS = ("minimum", "minLength", "minItems")
_UPPER_BOUNDS = ("maximum", "maxLength", "maxItems")
_SAME_OR_NONE = ("pattern", "uniqueItems")
_SAME = ("$ref", "default")
_NESTED = {"properties", "required", "additionalProperties", "items", "oneOf", "allOf"}
_VALUES = {"type", "enum", "const"}
_KNOWN = _COMMENTS | _NESTED | _VALUES | {*_LOWER_BOUNDS, *_UPPER_BOUNDS, *_SAME_OR_NONE, *_SAME}

Schema = Mapping[str, Any]


def breaks(name: str, released: Schema, now: Schema) -> list[str]:
    """Return what is incompatible, each with its place; nothing when `now` may follow `released`."""
    reads_only = name in WRITTEN_BY_OTHERS
    hurt = "writers" if reads_only else "old records"
    found = [f"{name}{place}: breaks {hurt}: {what}" for place, what in _refusals(released, now, "", False)]
    if not reads_only:
        found += [
            f"{name}{place}: breaks readers: {what}" for place, what in _refusals(now, released, "", True)
        ]
    return found


def _refusals(before: Schema, after: Schema, place: str, new_fields: bool) -> Iterator[tuple[str, str]]:
    """Yield what `before` accepts and `after` refuses. With `new_fields`, `after` ignores unknown fields."""
    for keyword in sorted((before.keys() | after.keys()) - _KNOWN):
        yield place, f"the keyword `{keyword}` is none that this check understands"
    for text in _values(before, after):
        yield place, text
    for text in _bounds(before, after):
        yield place, text
    yield from _fields(before, after, place, new_fields)
    if isinstance(before.get("items"), Mapping) or isinstance(after.get("items"), Mapping):
        yield from _refusals(before.get("items", {}), after.get("items", {}), f"{place}[]", new_fields)
    for keyword in ("oneOf", "allOf"):
        yield from _branches(before.get(keyword, ()), after.get(keyword, ()), place, new_fields)


def _values(before: Schema, after: Schema) -> Iterator[str]:
    types, accepted_types = _types(before), _types(after)
    if accepted_types is not None and (types is None or types - accepted_types):
        yield f"type {_listed(types)} is not within {_listed(accepted_types)}"
    values, accepted_values = _enumerated(before), _enumerated(after)
    if accepted_values is not None and (
        values is None or [one for one in values if one not in accepted_values]
    ):
        yield f"values {_listed(values)} are not within {_listed(accepted_values)}"


def _bounds(before: Schema, after: Schema) -> Iterator[str]:
    for keyword in _LOWER_BOUNDS:
        if keyword in after and before.get(keyword, float("-inf")) < after[keyword]:
            yield f"`{keyword}` {before.get(keyword, 'none')} is below {after[keyword]}"
    for keyword in _UPPER_BOUNDS:
        if keyword in after and before.get(keyword, float("inf")) > after[keyword]:
            yield f"`{keyword}` {before.get(keyword, 'none')} is above {after[keyword]}"
    for keyword in _SAME_OR_NONE:
        if after.get(keyword) and before.get(keyword) != after[keyword]:
            yield f"`{keyword}` {before.get(keyword, 'none')} is not {after[keyword]}"
    for keyword in _SAME:
        if before.get(keyword) != after.get(keyword):
            yield f"`{keyword}` {before.get(keyword, 'none')} is not {after.get(keyword, 'none')}"


def _fields(before: Schema, after: Schema, place: str, new_fields: bool) -> Iterator[tuple[str, str]]:
    fields, accepted = before.get("properties", {}), after.get("properties", {})
    required = set(before.get("required", ()))
    for field in after.get("required", ()):
        if field not in required:
            yield f"{place}.{field}", "may be missing, and is required"
    for field, schema in fields.items():
        if field in accepted:
            yield from _refusals(schema, accepted[field], f"{place}.{field}", new_fields)
        elif not new_fields:
            yield f"{place}.{field}", "is not known any more"
    others, accepted_others = _others(before), _others(after)
    if isinstance(others, Mapping) or isinstance(accepted_others, Mapping):
        if not isinstance(others, Mapping) or not isinstance(accepted_others, Mapping):
            yield place, "unknown fields are not what they were"
        else:
            yield from _refusals(others, accepted_others, f"{place}.*", new_fields)
    elif others and not accepted_others and not new_fields:
        yield place, "unknown fields are refused"


def _branches(before: Any, after: Any, place: str, new_fields: bool) -> Iterator[tuple[str, str]]:
    """Compare the alternatives of a schema by their titles, or by their order where they have none."""
    accepted = {_title(number, one): one for number, one in enumerate(after)}
    known = {_title(number, one): one for number, one in enumerate(before)}
    for title, one in known.items():
        if title in accepted:
            yield from _refusals(one, accepted[title], f"{place}({title})", new_fields)
        else:
            yield place, f"the alternative `{title}` is not known"
    if accepted and not known:
        yield place, f"is now limited to {_listed(list(accepted))}"


def _title(number: int, schema: Schema) -> str:
    return str(schema.get("title", number))


def _types(schema: Schema) -> set[str] | None:
    named = schema.get("type")
    if named is None:
        return None
    types = {named} if isinstance(named, str) else set(named)
    # A whole number is a number too.
    return types | {"integer"} if "number" in types else types


def _enumerated(schema: Schema) -> list[Any] | None:
    return [schema["const"]] if "const" in schema else schema.get("enum")


def _others(schema: Schema) -> Any:
    return schema.get("additionalProperties", True)


def _listed(values: Any) -> str:
    return "any" if values is None else ", ".join(sorted(map(str, values)))
