"""Find queries that never hold, or with which their entry can never count, by trying all cases.

Each place may be absent, far away, or within any of the distances that a query names, independently of the
others. So what this calls impossible is impossible; what it does not call so may still be.
"""

from itertools import product

from sandik.counting.tags.entry_queries import FIELDS
from sandik.counting.tags.lexicon import Entry
from sandik.counting.tags.query_parser import (
    All,
    Any,
    Condition,
    Either,
    Not,
    Place,
    Short,
    Stands,
    parse,
)

#: The most cases that are tried: twelve places, each there or not.
_MAX_CASES = 4096
_ABSENT, _ANYWHERE = 1_000_000, 100_000


def never_counts(entry: Entry) -> str:
    """Return which queries of an entry keep it from ever counting; nothing if none does."""
    parsed = {name: parse(query, name) for name in FIELDS if (query := getattr(entry, name))}
    for name in ("match", "near"):
        if name in parsed and not _can_hold(parsed[name]):
            return f"`{name}` can never hold"
    unless = parsed.get("unless")
    if unless and not _can_hold(Not(unless)):
        return "`unless` always holds"
    wanted = [
        parsed[name] for name in ("match", "near") if name in parsed and (name == "near" or not entry.forms)
    ]
    if unless and wanted and not _can_hold(All((*wanted, Not(unless)))):
        return f"`unless` holds wherever `{'near' if 'near' in parsed else 'match'}` does"
    return ""


def _can_hold(condition: Condition) -> bool:
    levels: dict[Place, set[int]] = {}
    for place, within in _asked(condition):
        levels.setdefault(place, {_ABSENT, _ANYWHERE}).add(within)
    cases = 1
    for one in levels.values():
        cases *= len(one)
    if cases > _MAX_CASES:
        return True
    return any(
        _holds(condition, dict(zip(levels, case, strict=True)))
        for case in product(*(sorted(one) for one in levels.values()))
    )


def _asked(condition: Condition) -> list[tuple[Place, int]]:
    if isinstance(condition, Stands):
        return [(place, condition.within or _ANYWHERE) for place in _parts(condition.place)]
    if isinstance(condition, Short):
        return []
    if isinstance(condition, Not):
        return _asked(condition.part)
    return [one for part in condition.parts for one in _asked(part)]


def _parts(place: Place) -> tuple[Place, ...]:
    return tuple(p for one in place.places for p in _parts(one)) if isinstance(place, Either) else (place,)


def _holds(condition: Condition, away: dict[Place, int]) -> bool:
    if isinstance(condition, Stands):
        within = condition.within or _ANYWHERE
        return any(away[place] <= within for place in _parts(condition.place))
    if isinstance(condition, Short):
        return True
    if isinstance(condition, Not):
        return not _holds(condition.part, away)
    if isinstance(condition, (All, Any)):
        held = (_holds(part, away) for part in condition.parts)
        return all(held) if isinstance(condition, All) else any(held)
    raise TypeError(condition)
