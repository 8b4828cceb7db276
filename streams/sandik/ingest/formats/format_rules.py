"""Apply a format's rules to one object: do they hold, where are its records, which are not posts."""

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase

from sandik.ingest.formats.declared import Format, Paths, Rule, each_of
from sandik.ingest.formats.paths import find, there
from sandik.ingest.items import Skipped


def records(value: object, form: Format) -> Iterator[object]:
    """Yield the records in one object."""
    if not form.records:
        yield value
        return
    for path in each_of(form.records):
        found = [value] if path in ("", ".") else [one for one in find(value, path) if isinstance(one, dict)]
        if found:
            yield from found
            return


def skip(record: object, form: Format) -> Skipped | None:
    """Return why the record is not a post; None if it is one."""
    for one in form.skip:
        if holds(one.when, record):
            return Skipped(one.reason, one.detail)
    return None


def holds(rule: Rule, record: object) -> bool:
    """Return whether the rule's conditions on objects hold."""
    return (
        all(there(record, path) for path in rule.keys)
        and (not rule.any_key or any(there(record, path) for path in rule.any_key))
        and not any(there(record, path) for path in rule.absent)
        and all(matches(record, path, patterns) for path, patterns in rule.values.items())
        and not any(matches(record, path, patterns) for path, patterns in rule.lacks.items())
    )


def matches(record: object, path: str, patterns: Paths) -> bool:
    """Return whether a value at the path matches one of the patterns."""
    return any(_fits(_plain(found), pattern) for found in find(record, path) for pattern in each_of(patterns))


def _fits(text: str, pattern: str) -> bool:
    return bool(re.match(pattern, text)) if pattern.startswith("^") else fnmatchcase(text, pattern)


def _plain(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
