"""Read fields of decoded JSON from other programs: the value if it has the right type, else None.

Sources add fields, omit fields, and write null instead of objects. A post is rejected only if a required
field is missing.
"""

from collections.abc import Iterator

#: What `--include` adds to a post's text: picture descriptions, and titles of link cards.
ALT_TEXT, LINK_CARDS = "alt-text", "link-cards"
EXTRAS = (ALT_TEXT, LINK_CARDS)


class MissingError(ValueError):
    """A required field is missing or has the wrong type."""


def at(value: object, *path: str) -> object:
    """Return the value at the path of keys, or None."""
    for key in path:
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    return value


def string(value: object, *path: str) -> str | None:
    """Return the string there, unless it is empty."""
    found = at(value, *path)
    return found if isinstance(found, str) and found else None


def identifier(value: object, *path: str) -> str | None:
    """Return the string or whole number there, as a string."""
    found = at(value, *path)
    if isinstance(found, int) and not isinstance(found, bool):
        return str(found)
    return found if isinstance(found, str) and found else None


def number(value: object, *path: str) -> float | None:
    """Return the number there, or the number in the string there."""
    found = at(value, *path)
    if isinstance(found, str):
        try:
            return int(found) if found.strip().lstrip("+-").isdecimal() and len(found) < 30 else float(found)
        except ValueError:
            return None
    return found if isinstance(found, (int, float)) and not isinstance(found, bool) else None


def each(value: object, *path: str) -> Iterator[object]:
    """Yield the elements of the list there."""
    found = at(value, *path)
    if isinstance(found, list):
        yield from found


def strings(value: object, *path: str) -> Iterator[str]:
    """Yield the strings of the list there."""
    yield from (element for element in each(value, *path) if isinstance(element, str) and element)


def hashtags(*names: str | None) -> tuple[str, ...]:
    """Return the names without `#`, each once, in order."""
    return tuple(dict.fromkeys(bare for name in names if name and (bare := name.lstrip("#＃"))))


def required(value: object, *path: str) -> str:
    """Return the string or whole number there. MissingError names the path."""
    found = identifier(value, *path)
    if found is None:
        raise MissingError(f"no {'.'.join(path)}")
    return found
