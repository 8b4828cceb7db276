"""The queries of an entry: parsed, with their sets resolved, and the forms of each word."""

import math
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from difflib import get_close_matches
from itertools import product
from typing import TYPE_CHECKING, get_args

from sandik.counting.tags.alphabet import fold
from sandik.counting.tags.entries import Row
from sandik.counting.tags.layers import LexiconError
from sandik.counting.tags.query_parser import Kind, QueryError, Word, parse, words_of

if TYPE_CHECKING:
    from sandik.counting.tags.lexicon import Entry

FIELDS: tuple[Kind, ...] = get_args(Kind)

_BARE_SET = re.compile(r"\{(?![a-z]{2,3}:)")


#: A dozen brackets in one form expand to millions of forms, which take gigabytes. Use a query instead.
MAX_FORMS = 20_000


def expand(pattern: str) -> Iterator[str]:
    """Yield the forms of `pattern`: "seçim (günü|gecesi)" is two phrases, "elections?" only itself.

    Raises:
        LexiconError: it has more than `MAX_FORMS` forms.
    """
    parts = re.split(r"\(([^()]*)\)", pattern)
    choices = [part.split("|") if index % 2 else [part] for index, part in enumerate(parts)]
    if (count := math.prod(map(len, choices))) > MAX_FORMS:
        raise LexiconError(
            f"'{pattern[:40]}…' stands for {count:,} forms, of at most {MAX_FORMS:,}; write several shorter "
            "ones, or a query: match = '(a OR b) NEAR/3 (c OR d)'"
        )
    for choice in product(*choices):
        yield "".join(choice)


class EntryQueryError(QueryError):
    """A query of an entry is invalid. `field` is its field."""

    def __init__(self, field: Kind, message: str) -> None:
        super().__init__(f"`{field}`: {message}")
        self.field = field


def queries_of(row: Row, sets: Collection[str]) -> tuple[str, str, str]:
    """Return `match`, `near` and `unless` of an entry in normal form, with the language of each set.

    Raises:
        EntryQueryError: a query is invalid, or names a set that does not exist.
    """
    match, near, unless = (_read(row, field, getattr(row, field), sets) for field in FIELDS)
    return match, near, unless


def words_in(entry: "Entry") -> Iterator[Word]:
    """Yield the words, phrases, prefixes and sets of an entry's queries."""
    for field in FIELDS:
        if query := getattr(entry, field):
            yield from words_of(parse(query, field))


def members_of(word: Word, sets: Mapping[str, Sequence[str]]) -> list[str]:
    """Return the folded forms of a word; a form that ends with * is a prefix."""
    if word.is_set:
        return [*sets[word.text[1:-1]]]
    bare = word.text.strip('"')
    return [f"{fold(form.removesuffix('*')).strip()}{'*' * form.endswith('*')}" for form in expand(bare)]


def _read(row: Row, field: Kind, query: str, sets: Collection[str]) -> str:
    if not query:
        return ""
    try:
        condition = parse(_BARE_SET.sub(f"{{{row.language}:", query), field)
    except QueryError as error:
        raise EntryQueryError(field, str(error)) from error
    for word in words_of(condition):
        name = word.text[1:-1]
        try:
            next(expand(word.text))
        except LexiconError as error:
            raise EntryQueryError(field, str(error)) from error
        if word.is_set and name not in sets:
            language, _, bare = name.partition(":")
            own = [one.partition(":")[2] for one in sorted(sets) if one.startswith(f"{language}:")]
            close = get_close_matches(bare, own, 1)
            other = f"did you mean {{{close[0]}}}?" if close else f"there are {', '.join(own) or 'none'}"
            raise EntryQueryError(field, f"there is no [[words]] of {language} named {bare}; {other}")
    return str(condition)
