"""A lexicon as the compiled part uses it: bytes and numbers. Making them takes seconds, reading them none."""

from collections.abc import Callable
from functools import cached_property
from types import ModuleType
from typing import NamedTuple

from sandik.counting.tags.cut_words import InOrder
from sandik.counting.tags.finder import Finder, may_be_cut
from sandik.counting.tags.lexicon import Entry, Lexicon, LexiconError
from sandik.counting.tags.match import Tagger, Verdict
from sandik.counting.tags.native_terms import NativeTerms, Told, told
from sandik.counting.tags.parts import parts_of
from sandik.counting.tags.valid_days import Eras
from sandik_schemas.pair import Pair


class Ready(NamedTuple):
    """A lexicon made ready. `entries` have no forms: those are in `cut` and `told`."""

    version: str
    tag_names: tuple[str, ...]
    pairs: tuple[Pair, ...]
    entries: list[Entry]
    first_sum: int
    cut: InOrder
    told: Told


def made_ready(lexicon: Lexicon, native: ModuleType) -> Ready:
    """Return what the compiled part needs of a lexicon. Takes seconds."""
    parts = parts_of(lexicon)
    openings = {one.tag: one for one in lexicon.openings}
    return Ready(
        lexicon.version,
        lexicon.tag_names,
        lexicon.pairs,
        [entry._replace(forms=()) for entry in parts.entries],
        parts.first_sum,
        may_be_cut(parts.patterns, parts.asking),
        told(native, parts, openings),
    )


class ReadyTagger(Tagger):
    """Finds the same terms as any tagger. What explains them it makes when it is asked to."""

    def __init__(self, ready: Ready, native: ModuleType, read: Callable[[], Lexicon]) -> None:
        self.version, self.tag_names, self.pairs, self._entries, self._first_sum, cut, about = ready
        self.eras = Eras([entry.valid for entry in self._entries])
        self._native = NativeTerms(native, about, self._entries, self.eras)
        self._finder = Finder(cut, self._native, native)
        self._ranks = [kind["ranks"] for kind in about.kinds]  # type: ignore[misc]
        self._read = read

    @cached_property
    def _explaining(self) -> Tagger:
        lexicon = self._read()
        if lexicon.version != self.version:
            raise LexiconError("the lexicon was changed while it was in use; run the command again")
        return Tagger(lexicon, None)

    def verdicts(self, text: str, language: str, time_ms: int | None = None) -> list[Verdict]:
        """See `Tagger.verdicts`."""
        return self._explaining.verdicts(text, language, time_ms)
