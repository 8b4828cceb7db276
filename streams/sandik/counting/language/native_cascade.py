"""The default detector with its compiled part, which reads a text once and returns what is for the pool.

It gives the same answers as `ByScript` around `BatchDetector` and `Cascade`. Read these to understand it.
"""

from collections.abc import Sequence
from types import ModuleType

from sandik.counting.language.cleaning import CLEANER, lowered
from sandik.counting.language.decision import AT_ONCE, Decision
from sandik.counting.language.detector import UNDETERMINED, Hints, Language
from sandik.counting.language.ensemble import Pool
from sandik.counting.language.native_pool import NativePool
from sandik.counting.language.quotes import QUOTES
from sandik.counting.language.scores import Voices
from sandik.counting.language.scripts import SCRIPTS, judge_parts
from sandik.counting.language.sieve import Sieve

#: Texts sifted at once. Undecided clean texts are kept until the pool has judged them.
_BATCH = 2_048

#: Which text it is, and its words of two scripts.
_Parts = tuple[int, tuple[str, str]]


class NativeCascade:
    """Judges raw texts, in batches."""

    def __init__(self, native: ModuleType, version: str, voices: Voices, pool: Pool, sieve: Sieve) -> None:
        self.version = version
        eld = native.Eld(sieve.eld.sources)
        cld2 = native.Cld2(*sieve.cld2.told, voices.row_of)
        self._decision = Decision(voices)
        self._pool = NativePool(native, eld, cld2, pool, sieve.eld)
        self._sift = native.Sift(
            CLEANER,
            lowered,
            eld,
            cld2,
            [(name, sieve.rules[name]) for name in sieve.eld.names],
            sieve.letters_told,
            QUOTES,
            SCRIPTS,
            UNDETERMINED,
        )

    def detect(self, texts: Sequence[str], hints: Hints | None = None) -> list[Language]:
        """See `Detector.detect`."""
        answers: list[Language] = []
        split: list[_Parts] = []
        for start in range(0, len(texts), _BATCH):
            part = slice(start, start + _BATCH)
            found, parts = self._judge(texts[part], hints[part] if hints else None)
            answers += found
            split += [(start + index, both) for index, both in parts]
        judge_parts(answers, hints, split, self._of_parts)
        return answers

    def _of_parts(self, texts: Sequence[str], hints: Hints) -> list[Language]:
        return self._judge(texts, hints)[0]

    def _judge(self, texts: Sequence[str], hints: Hints | None) -> tuple[list[Language], list[_Parts]]:
        """Return one language per text, and the parts of those that may have two."""
        codes = self._decision.codes_of(hints) if hints and any(hints) else None
        answers, left, quoting, split = self._sift.sift(texts, codes, True)
        places = left.places()
        for start in range(0, len(places), AT_ONCE):
            some = places[start : start + AT_ONCE]
            judged = self._pool.judge(left, start, start + len(some))
            some_codes = [codes[place] for place in some] if codes else None

            def text_of(column: int, start: int = start) -> str:
                text: str = left.text(start + column)
                return text

            for place, answer in zip(some, self._decision.answers(*judged, some_codes, text_of), strict=True):
                answers[place] = answer
        if quoting:
            self._judge_by_own_words(answers, quoting)
        return answers, split

    def _judge_by_own_words(self, answers: list[Language], quoting: Sequence[tuple[int, str]]) -> None:
        """Judge texts with quotations again without them. A clear result becomes the answer."""
        clear = self._sift.sift([own for _, own in quoting], None, False)[0]
        for (index, _), answer in zip(quoting, clear, strict=True):
            if answer and answer.code != answers[index].code:
                answers[index] = answer
