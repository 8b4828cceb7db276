"""Dotted paths into decoded JSON: `data.author.id`, `runs[].text`, `1.tweet_id`, `contentMap.@key`.

A part is a key; `[]` after it means every element of the list, a number is an index of a list, and `@key`
means the keys of an object. Keys with dots are found too: the rest of the path is first tried as one key. `a
| b` gives the values of both paths.
"""

from collections.abc import Iterable, Iterator
from functools import lru_cache

_EITHER = " | "
_KEYS = "@key"


@lru_cache(maxsize=4096)
def _parts(path: str) -> tuple[str, ...]:
    return tuple(part for part in path.replace("[]", ".[]").split(".") if part)


@lru_cache(maxsize=4096)
def _keys_alone(path: str) -> tuple[tuple[str, str | None], ...] | None:
    """Return the keys of a path of keys only, each with the rest of the path; None for other paths."""
    parts = _parts(path)
    if not parts or _EITHER in path or any(part in ("[]", _KEYS) or part.isdecimal() for part in parts):
        return None
    rests = [".".join(parts[at:]) for at in range(len(parts) - 1)]
    return tuple(zip(parts, [*rests, None], strict=True))


def find(value: object, path: str) -> Iterable[object]:
    """Return the values at the path, without null."""
    keys = _keys_alone(path)
    if keys is None:
        return _find(value, path)
    for key, rest in keys:
        if not isinstance(value, dict):
            return ()
        if rest is not None and rest in value:
            value = value[rest]
            break
        value = value.get(key)
    return () if value is None else (value,)


def _find(value: object, path: str) -> Iterator[object]:
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
    """Return whether there is a value other than null at the path."""
    return next(iter(find(value, path)), None) is not None
