"""Dotted paths into decoded JSON: `data.author.id`, `runs[].text`, `1.tweet_id`, `contentMap.@key`.

A part is a key, `[]` after it means every element of the list there, a number is a place in a list, and
`@key` the keys of an object. A key that has dots itself is found, too: what is left of the path is tried as
one key first. `a | b` is what either leads to.
"""

from collections.abc import Iterator
from functools import lru_cache

_EITHER = " | "
_KEYS = "@key"


@lru_cache(maxsize=4096)
def _parts(path: str) -> tuple[str, ...]:
    return tuple(part for part in path.replace("[]", ".[]").split(".") if part)


def find(value: object, path: str) -> Iterator[object]:
    """Yield what the path leads to; null and what is not there yield nothing."""
    if _EITHER in path:
        for one in path.split(_EITHER):
            yield from find(value, one.strip())
        return
    yield from _walk(value, _parts(path))


def _walk(value: object, parts: tuple[str, ...]) -> Iterator[object]:
    for done, part in enumerate(parts):
        if isinstance(value, dict):
            whole = ".".join(parts[done:]) if done + 1 < len(parts) else part
            if whole != part and whole in value:
                value = value[whole]
                break
            if part == _KEYS:
                yield from value
                return
            value = value.get(part)
        elif isinstance(value, list):
            if part == "[]":
                for element in value:
                    yield from _walk(element, parts[done + 1 :])
                return
            if not (part.isdecimal() and int(part) < len(value)):
                return
            value = value[int(part)]
        else:
            return
    if value is not None:
        yield value


def there(value: object, path: str) -> bool:
    """Tell whether the path leads to anything but null."""
    return next(find(value, path), None) is not None
