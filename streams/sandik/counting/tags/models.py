"""Files of linear models: what words of a short post weigh (`weighing.py`).

    language = "tr"                of the post
    lemma = "words of an election" its name in mentions, marked as a sum of words
    least = 120                    what the weights must add up to
    most_characters = 300          of a post
    weights = '''
    sandik 31
    ikinci tur 55
    yarism -40
    '''

That is `<tag>.<language>.model.toml`. A word is known by its first letters (`STEM_LETTERS`), folded. Two
words weigh where they follow each other. Each counts once. `tests/quality/fit_models.py` writes those that
ship.
"""

import re
import tomllib
from collections.abc import Mapping
from importlib.resources.abc import Traversable
from typing import Annotated, NamedTuple

import msgspec

from sandik.counting.tags.alphabet import fold
from sandik.counting.tags.entries import Place, Problem
from sandik.counting.tags.layers import Layer
from sandik.counting.tags.stems import STEM_LETTERS, stems_of

SUFFIX = ".model.toml"
#: Of larger numbers the compiled part could not tell the sum.
_MOST = 999_999
_WEIGHT = re.compile(r"[+-]?[0-9]{1,6}")


class Model(NamedTuple):
    """A model of one tag, for posts of one language."""

    tag: str
    language: str
    lemma: str
    least: int
    most_characters: int
    #: By stem, or by two stems with a space between.
    weights: Mapping[str, int]
    #: Its place, as file:line. Not part of the lexicon's version.
    where: str = ""

    @property
    def file(self) -> str:
        """Return the name of its file."""
        return f"{self.tag}.{self.language}{SUFFIX}"


def known_by(words: str) -> str:
    """Return what words are known by: their stems, with a space between."""
    return " ".join(stems_of(fold(words)))


def read_models(layer: Layer) -> tuple[list[Model], list[Problem]]:
    """Return the models of a layer, and the mistakes in their files."""
    models: list[Model] = []
    problems: list[Problem] = []
    for file in sorted(layer.folder.iterdir(), key=lambda child: child.name):
        if file.name.endswith(SUFFIX):
            try:
                models.append(_read(file))
            except ValueError as error:  # not UTF-8, no TOML, other fields, a weight that is no number
                problems.append(Problem(Place(file, 0), f"no model: {error}; fix it there"))
    return models, problems


class _File(msgspec.Struct, forbid_unknown_fields=True):
    language: str
    lemma: str
    least: Annotated[int, msgspec.Meta(le=_MOST)]
    most_characters: Annotated[int, msgspec.Meta(ge=1, le=_MOST)]
    weights: str


def _read(file: Traversable) -> Model:
    content = msgspec.convert(tomllib.loads(file.read_bytes().decode("utf-8-sig")), _File)
    tag = file.name.split(".")[0]
    if file.name != (name := f"{tag}.{content.language or '<language>'}{SUFFIX}"):
        raise ValueError(f"`language` is '{content.language}': name the file {name}, or correct the language")
    if not content.lemma.strip():
        raise ValueError("`lemma` is empty: mentions could not name it")
    if content.least < 1:
        raise ValueError(f"`least` is {content.least}: every post would be tagged")
    weights: dict[str, int] = {}
    for line in content.weights.split("\n"):
        if line:
            stems, _, weight = line.rpartition(" ")
            words = stems.split(" ")
            if stems in weights or not all(words) or len(words) > 2:
                raise ValueError(f"'{line}' is not one or two new stems and their weight")
            if (known := known_by(stems)) != stems:
                raise ValueError(
                    f"'{stems}' is no stem; a word is known by its first {STEM_LETTERS} letters, folded: "
                    f"'{known}'"
                )
            if not _WEIGHT.fullmatch(weight):
                raise ValueError(f"'{line}' does not end with a whole number of at most six digits")
            weights[stems] = int(weight)
    # In whatever order they are written, they weigh the same.
    weights = dict(sorted(weights.items()))
    where = f"{file.name}:1"
    return Model(tag, content.language, content.lemma, content.least, content.most_characters, weights, where)
