"""CLD2 (`pycld2`): over 80 languages, 5 µs a short post, good at words and clean sentences."""

from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

from sandik.counting.language.codes import our_code

_OUR_NAMES = {"iw": "he", "jw": "jv", "zh-Hant": "zh", "bh": "bih", "un": ""}


class _Ours(dict[str, str]):
    """Our code for each of CLD2's, "" for none. Filled as it is asked."""

    def __missing__(self, code: str) -> str:
        self[code] = ours = our_code(_OUR_NAMES.get(code, code))
        return ours


_OURS = _Ours()

#: That the text is plain; four hints; seven flags of debugging; that short texts get an answer, too. They are
#: passed by place: to look for their names takes as long as half of the detection.
_OPTIONS = (True, *[None] * 4, *[False] * 7, True)

#: How many answers of CLD2 are cached: the pool needs them again for texts that the sieve did not decide.
_REMEMBERED = 1_000


class Cld2Model:
    """CLD2, which has no state between texts."""

    def __init__(self, pycld2: Any) -> None:
        self.version = f"cld2-{version('pycld2')}"
        self._detect = pycld2.detect
        #: The data for the compiled twin: whom to ask, with which options, and our code for each of CLD2's.
        self.told = pycld2.detect, _OPTIONS, {code: _OURS[code] for _, code in pycld2.LANGUAGES}
        self._remembered: dict[str, dict[str, float]] = {}

    def shares(self, text: str) -> Mapping[str, float]:
        """Return the languages of a clean text with their parts (0 to 1), the largest first."""
        if (known := self._remembered.get(text)) is not None:
            return known
        found: dict[str, float] = {}
        for _, code, percent, _ in self._detect(text, *_OPTIONS)[2]:
            if ours := _OURS[code]:
                found[ours] = found.get(ours, 0.0) + percent / 100
        if len(self._remembered) >= _REMEMBERED:
            self._remembered.clear()
        self._remembered[text] = found
        return found

    def best(self, text: str) -> str | None:
        """Return the main language of a clean text, if any."""
        return next(iter(self.shares(text)), None)


def load_cld2() -> Cld2Model | None:
    """Load CLD2, if it is installed."""
    try:
        import pycld2
    except ImportError:
        return None
    return Cld2Model(pycld2)
