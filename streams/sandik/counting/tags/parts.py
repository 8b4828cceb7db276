"""What matching takes of a lexicon: entries by rank, numbered patterns, and what these make worth asking."""

from collections.abc import Iterable
from typing import NamedTuple

from sandik.counting.tags.lexicon import Entry, Lexicon
from sandik.counting.tags.pattern_index import Numbered, Ranks, numbered
from sandik.counting.tags.prefilter import Asking
from sandik.counting.tags.rules import Rules


class Parts(NamedTuple):
    """The rank of an entry is its place in `entries`."""

    entries: list[Entry]
    #: The rank of the first entry that names a sum of signs: the last ones do.
    first_sum: int
    patterns: Numbered
    asking: Asking
    rules: Rules


def parts_of(lexicon: Lexicon) -> Parts:
    """Return the parts of a lexicon. Takes a second or two."""
    # Of the same letters a trap beats a term. What names a sum of signs comes last: see `Tagger._longest`.
    entries = sorted(lexicon.entries, key=lambda entry: (not entry.is_trap, entry.is_sum, entry))
    first_sum = len(entries) - sum(entry.is_sum for entry in entries)
    rules = Rules(lexicon, entries)
    patterns = numbered(rules, _ranks_by_form(entries))
    return Parts(entries, first_sum, patterns, Asking(rules, patterns.kinds), rules)


def _ranks_by_form(entries: Iterable[Entry]) -> dict[str, Ranks]:
    ranks: dict[str, Ranks] = {}
    for rank, entry in enumerate(entries):
        own = (rank,)  # one object for all forms that are of this entry alone
        for form in entry.forms:
            ranks[form] = ranks[form] + own if form in ranks else own
    return ranks
