"""ELD (`eldc`): 60 languages, 2.5 µs a post; also says whether its answer is reliable."""

from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any, Protocol

from sandik.counting.language.codes import our_code

#: The number of scores that ELD gives.
_ALL_SCORES = 20


class Quick(Protocol):
    """ELD's answer for a text."""

    @property
    def language(self) -> str: ...  # noqa: D102
    @property
    def reliable(self) -> bool: ...  # noqa: D102


class EldModel:
    """ELD, with separate instances of its settings, so that other code cannot change answers."""

    def __init__(self, eldc: Any) -> None:
        eldc.init()
        self.version = f"eldc-{version('eldc')}"
        #: ELD's own language codes; the last one means none.
        self.names = (*eldc.LANGUAGES, "und")
        self.codes = frozenset(map(our_code, eldc.LANGUAGES))
        quick, self._full = eldc.instance(), eldc.instance()
        for instance, scores in ((quick, 1), (self._full, _ALL_SCORES)):
            instance.set_languages([])  # all of them
            instance.set_scheme("iso639-1")
            instance.set_scores(scores)
        #: Returns the best language of a clean text, and whether ELD considers it reliable.
        self.detect_quickly: Callable[[str], Quick] = quick.detect_details
        #: The file of its database, as C source; None if the wheel has none.
        folder = Path(eldc.__file__).parent
        self.sources = folder if folder.joinpath("large_db.h").is_file() else None

    def scores(self, text: str) -> tuple[dict[str, float], bool]:
        """Return the scores (0 to 1) of up to 20 languages of a text, and whether the best is reliable."""
        found = self._full.detect_details(text)
        return found.scores, found.reliable


def load_eld() -> EldModel | None:
    """Load ELD (0.1 s), if it is installed."""
    try:
        import eldc
    except ImportError:
        return None
    return EldModel(eldc)
