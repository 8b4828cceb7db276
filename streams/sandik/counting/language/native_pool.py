"""The compiled twin of `Pool` and `Voices`: scores and weights of the voices, in batches.

It calls back for exponentials and logarithms (numpy), and for langdetect.
"""

from collections.abc import Callable, Sequence
from types import ModuleType

import numpy as np

from sandik.counting.language.common_words import MAX_WORDS, about_character
from sandik.counting.language.eld import EldModel
from sandik.counting.language.ensemble import UNSURE, Pool
from sandik.counting.language.latin_russian import LATIN_RUSSIAN
from sandik.counting.language.scores import FLOOR, IN_LATIN, LENGTHS, UNSCORED, Langdetect, Values


class NativePool:
    """Weighs the voices for texts that the sieve leaves. `native_eld`, `native_cld2`: the compiled twins.

    It keeps nothing of `pool`, so that the tables are in memory once.
    """

    def __init__(
        self, native: ModuleType, native_eld: object, native_cld2: object, pool: Pool, eld: EldModel
    ) -> None:
        voices = pool.voices
        voices.langdetect.profiles.compile(native)
        row_of = voices.row_of
        enough, letters, in_cyrillic = LATIN_RUSSIAN
        listed = {
            word: [(row_of[code], part) for code, part in parts] for word, parts in voices.words.parts.items()
        }
        in_latin = [(row_of[ours], row_of[code]) for code, ours in IN_LATIN.items()]
        weights = pool.first.tolist(), pool.second.tolist(), [*LENGTHS], UNSURE, in_latin, len(voices.codes)
        russian = row_of["ru_latn"], eld.names.index("ru")
        self._rows = len(voices.rows)
        self._native = native.Pool(
            voices.told,
            (native_eld, [row_of.get(name) for name in eld.names[:-1]], UNSCORED),
            native_cld2,
            (voices.letters.not_latin_russian, *russian, enough, letters, in_cyrillic),
            voices.fasttext.told,
            FLOOR,
            (listed, MAX_WORDS, about_character),
            weights,
            (_of_bytes(np.exp), _of_bytes(np.log), _by_text(voices.langdetect)),
        )

    def judge(self, left: object, start: int, end: int) -> tuple[Values, Values]:
        """Return what `Pool.judge` does, of some of the texts that the compiled sieve leaves."""
        probabilities, listed = self._native.judge(left, start, end)
        return (
            np.frombuffer(probabilities).reshape(end - start, -1).T,
            np.frombuffer(listed).reshape(end - start, self._rows).T,
        )


def _of_bytes(function: Callable[[Values], Values]) -> Callable[[bytes], bytes]:
    return lambda numbers: function(np.frombuffer(numbers)).tobytes()


def _by_text(langdetect: Langdetect) -> Callable[[Sequence[str]], bytes]:
    return lambda texts: langdetect.hear(texts).transpose(2, 0, 1).tobytes()
