"""A lexicon made ready for matching: bytes, texts and numbers. Reading them is much cheaper than making them.

There are two kinds: for matching in Python, and for the compiled part.
"""

from collections.abc import Iterable
from typing import NamedTuple

from sandik.counting.tags.cut_words import InOrder, in_order
from sandik.counting.tags.leaf_patterns import leaf_patterns
from sandik.counting.tags.lexicon import Entry, Lexicon
from sandik.counting.tags.models import Model
from sandik.counting.tags.pattern_index import Numbered, Ranks, numbered
from sandik.counting.tags.post_openings import Opening
from sandik.counting.tags.prefilter import Asking
from sandik.counting.tags.rules import Rules
from sandik.counting.tags.triggers import Triggers
from sandik.counting.tags.weighing import Ranked
from sandik_schemas.pair import Pair


class About(NamedTuple):
    """What every tagger knows of its lexicon. The rank of an entry is its place in `entries`."""

    version: str
    tag_names: tuple[str, ...]
    pairs: tuple[Pair, ...]
    openings: tuple[Opening, ...]
    #: Without forms, which take more memory than everything else: only what finds them has them.
    entries: list[Entry]
    #: The rank of the first entry of a model: they come last, and name no word.
    first_model: int


class Ready(NamedTuple):
    """A lexicon ready for matching in Python: its patterns, and how common each leaf of a condition is."""

    about: About
    patterns: Numbered
    #: The patterns that count though their end was cut off.
    cut: InOrder
    commonness: list[float]
    models: list[Ranked]

    def conditions(self) -> tuple[Rules, Asking]:
        """Return the conditions of the entries, and what each kind of pattern asks of them."""
        rules = Rules(self.about.entries)
        return rules, Asking(rules, Triggers(rules.by_rank, self.commonness), self.patterns.kinds)


def made_ready(lexicon: Lexicon) -> Ready:
    """Return a lexicon ready for matching. Takes a second or two."""
    # Of the same letters a trap beats a term.
    entries = sorted(lexicon.entries, key=lambda entry: (not entry.is_trap, entry))
    rules = Rules(entries)
    leaves = leaf_patterns(rules.numbers, lexicon.sets)
    commonness = leaves.commonness(len(rules.numbers))
    triggers = Triggers(rules.by_rank, commonness)
    patterns = numbered(_ranks_by_form(entries), leaves, triggers)
    models = [Ranked(len(entries) + number, model) for number, model in enumerate(lexicon.models)]
    about = About(
        lexicon.version,
        lexicon.tag_names,
        lexicon.pairs,
        lexicon.openings,
        [entry._replace(forms=()) for entry in entries] + [_entry_of(one.model) for one in models],
        len(entries),
    )
    return Ready(about, patterns, _may_be_cut(patterns, rules.firsts), commonness, models)


def _entry_of(model: Model) -> Entry:
    return Entry(model.tag, model.lemma, False, (), (model.language,), (), where=model.where)


def _ranks_by_form(entries: Iterable[Entry]) -> dict[str, Ranks]:
    ranks: dict[str, Ranks] = {}
    for rank, entry in enumerate(entries):
        own = (rank,)  # one object for all forms that are of this entry alone
        for form in entry.forms:
            ranks[form] = ranks[form] + own if form in ranks else own
    return ranks


def _may_be_cut(patterns: Numbered, firsts: int) -> InOrder:
    """Return the patterns that also match as cut words: forms, and what begins a `match` (leaves as bits)."""
    forms, kind_of = patterns.forms, patterns.kind_of
    may_be = [bool(kind.ranks) or any(firsts >> leaf & 1 for leaf in kind.leaves) for kind in patterns.kinds]
    whole_words = (*forms.whole, *forms.in_hashtags)
    known = [number for number in range(len(whole_words)) if may_be[kind_of[number]]]
    return in_order(whole_words, known, len(forms.whole), kind_of)
