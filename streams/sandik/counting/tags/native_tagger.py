"""The tagger of the compiled part: the same terms in a third of the time."""

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from types import ModuleType
from typing import NamedTuple

from sandik.counting.tags.lexicon import LexiconError
from sandik.counting.tags.match import Tagger, Times, Verdict
from sandik.counting.tags.native_terms import NativeTerms, Told, told
from sandik.counting.tags.places import Span
from sandik.counting.tags.ready import About, Ready


class NativeReady(NamedTuple):
    """A lexicon ready for the compiled part."""

    about: About
    told: Told


def ready_for(native: ModuleType, ready: Ready) -> NativeReady:
    """Return a lexicon ready for the compiled part. Takes seconds."""
    return NativeReady(ready.about, told(native, ready))


class NativeTagger(Tagger):
    """Finds the same terms as `Tagger`, which explains them when it is asked to."""

    def __init__(self, ready: NativeReady, native: ModuleType, in_python: Callable[[], Tagger]) -> None:
        self._tell(ready.about)
        self._native = NativeTerms(native, ready.told, self._entries, self.eras)
        self._in_python = in_python

    def _counted(
        self, texts: Sequence[str], languages: Sequence[str], times_ms: Times | None
    ) -> Iterable[tuple[int, list[Span]]]:
        times_ms = times_ms if self.eras and times_ms else None
        return self._native.counted(texts, languages, times_ms)

    def near(self, texts: Sequence[str]) -> set[int]:
        """See `Tagger.near`."""
        return self._native.near(texts)

    @cached_property
    def _explaining(self) -> Tagger:
        tagger = self._in_python()
        if tagger.version != self.version:
            raise LexiconError("the lexicon was changed while it was in use; run the command again")
        return tagger

    def verdicts(self, text: str, language: str, time_ms: int | None = None) -> list[Verdict]:
        """See `Tagger.verdicts`."""
        return self._explaining.verdicts(text, language, time_ms)
