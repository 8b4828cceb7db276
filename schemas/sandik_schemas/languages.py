"""The field `language` of counts and mentions: one code, or those of a post of two languages, as `ru+tr`."""

from collections.abc import Iterable
from functools import lru_cache

_AND = "+"


def both_languages(codes: Iterable[str]) -> str:
    """Return what a post of these languages has for its language: their codes in alphabetical order."""
    return _AND.join(sorted(codes))


@lru_cache(maxsize=4_096)
def languages_in(language: str) -> tuple[str, ...]:
    """Return the languages that a post or a cell is of: `ru` and `tr` for `ru+tr`."""
    return tuple(language.split(_AND))


def is_of(language: str, wanted: str) -> bool:
    """Return whether a post or cell of `language` is one of a language: one of `ru+tr` is of `tr`, too."""
    return language == wanted or {*languages_in(wanted)}.issubset(languages_in(language))
