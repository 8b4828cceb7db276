"""The scores of all voices for some texts: one array, voice by language by text."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sandik.counting.language.cld2 import Cld2Model
from sandik.counting.language.common_words import Words, load_words
from sandik.counting.language.eld import EldModel
from sandik.counting.language.exact_profiles import ExactProfiles, load_exact_profiles
from sandik.counting.language.fasttext.model import FasttextModel, load_fasttext_model
from sandik.counting.language.latin_russian import is_like_russian
from sandik.counting.language.letter_evidence import Letters, Marks

#: The scores, in the order of the first axis of `Heard.said`.
VOICES = (
    "eld_behind",  # how much ELD's score is below its best one
    "eld_unknown",  # 1 if ELD does not know the language
    "eld_reliable",  # 1 if ELD considers this answer reliable
    "cld2",  # the part of the text in the language, by CLD2
    "fasttext_log",  # the logarithm of fastText's probability
    "fasttext",  # that probability
    "latin_russian",  # 1 for Russian in Latin letters, if ELD knows its Cyrillic form
    "words",  # the share of the words that are everyday words of the language
    "own_words",  # the same, with shared words divided among their languages
    "alien",  # 1 if the text has a letter of the language's neighbours that it lacks
    "borrowed",  # 1 if it has q, w or x, and the language has these only in loan words
    "other_script",  # 1 if no letter is of a script of the language
    "rare",  # 1 for a language that is rare in posts
    "common",  # 1 for the most frequent languages of posts
)
#: Those that are only used in doubt.
LANGDETECT_VOICES = ("langdetect_log", "langdetect_unknown")

#: Which of them is the share of listed words.
LISTED = VOICES.index("words")

#: A text with fewer letters than the first is in class 0, and so on. Voices are less reliable for short
#: texts.
LENGTHS = (8, 16, 41)

#: Languages of `common_words.toml` that fastText does not know.
_MORE = ("crh", "gag")
#: Separate rows that are added to another language at the end: the same language in Latin letters.
IN_LATIN = {"ru_latn": "ru", "tt_latn": "tt"}

#: The most frequent languages of posts.
_COMMON = frozenset(("tr", "ru", "en"))
#: Dead, constructed or rarely written languages that fastText knows from Wikipedia and often sees in short
#: texts, besides those with three-letter codes.
_RARE = frozenset(
    "an av br co cv cy dv eo fy ga gd gn gv ia ie io kv kw la lb li mt oc os qu rm sa sc vo wa".split()  # noqa: SIM905
)

#: ELD knows these in one script only.
_ELD_SCRIPT = {"ku": "arabic", "az": "latin", "sr": "cyrillic"}
#: The assumed distance from ELD's best score for languages that it knows and does not score.
UNSCORED = 0.5
#: Added to probabilities before taking the logarithm; smaller probabilities are practically zero.
FLOOR, _LANGDETECT_FLOOR = 0.001, 0.01
#: The weight of langdetect's n-grams: each letter is in several of them.
_NGRAM_EVIDENCE = 1 / 3

#: Bits of the word caches of fastText and langdetect: 7 and 2 MB. Fewer than one text in ten reaches the
#: first, and one in a hundred the second; larger tables are slower.
_FASTTEXT_PLACES, _LANGDETECT_PLACES = 16, 13

Values = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Heard:
    """The scores for some texts: `said[voice, language, text]`, and the length class of each text."""

    said: Values
    lengths: npt.NDArray[np.intp]

    def some(self, columns: npt.NDArray[np.intp]) -> Heard:
        """Return the scores of some of the texts."""
        return Heard(self.said[:, :, columns], self.lengths[columns])


def length_class(letters: int) -> int:
    """Return the length class of a text with so many letters."""
    return bisect_right(LENGTHS, letters)


class Langdetect:
    """The two voices of langdetect, which are only heard in doubt."""

    def __init__(self, profiles: ExactProfiles, row_of: Mapping[str, int]) -> None:
        self.profiles = profiles
        self._rows, self._profiled = len(row_of), [row_of[code] for code in profiles.codes]

    def hear(self, texts: Sequence[str]) -> Values:
        """Return `Heard.said` of these voices for clean texts."""
        said = np.zeros((len(LANGDETECT_VOICES), self._rows, len(texts)))
        posterior = self.profiles.posterior(texts, _NGRAM_EVIDENCE)
        said[0, self._profiled] = np.log(posterior + _LANGDETECT_FLOOR)
        said[1] = 1.0
        said[1, self._profiled] = 0.0
        return said


class Voices:
    """Computes the scores for clean texts, in batches. If ELD or CLD2 is missing, neither is used."""

    def __init__(
        self,
        fasttext: FasttextModel,
        profiles: ExactProfiles,
        letters: Letters,
        words: Words,
        eld: EldModel | None,
        cld2: Cld2Model | None,
    ) -> None:
        self.fasttext, self.letters, self.words = fasttext, letters, words
        self._pair = (eld, cld2) if eld and cld2 else None
        versions = [*(one.version for one in self._pair or ()), fasttext.version, profiles.version]
        self.version = ":".join(versions)
        #: Our codes of the languages.
        self.codes = (*fasttext.codes, *_MORE)
        #: The rows of the second axis of `Heard.said`.
        self.rows = (*self.codes, *IN_LATIN)
        self.row_of = {code: row for row, code in enumerate(self.rows)}
        self.langdetect = Langdetect(profiles, self.row_of)
        known = eld.codes if eld else frozenset()
        self._eld_knows = self._by_row({code: code in known for code in self.rows})
        self._eld_needs = self._by_row({code: letters.scripts[name] for code, name in _ELD_SCRIPT.items()})
        self._alien, self._borrowed = self._by_row(letters.alien), self._by_row(letters.borrowed)
        self._written = self._by_row({code: letters.written(code) for code in self.rows})
        rare = {code: code in _RARE or (len(code) == 3 and code not in words.codes) for code in self.rows}
        self._rare, self._common = self._by_row(rare), self._by_row(dict.fromkeys(_COMMON, 1))

    @property
    def told(self) -> tuple[object, ...]:
        """Return by row the data for the compiled twin: for ELD, letters, scripts, frequency."""
        numbers = (self._eld_needs, self._alien, self._borrowed, self._written)
        rest = ((column != 0).ravel().tolist() for column in (self._rare, self._common))
        return (
            (self._eld_knows != 0).ravel().tolist(),
            *(column.ravel().tolist() for column in numbers),
            *rest,
        )

    @property
    def is_portable(self) -> bool:
        """Whether ELD or CLD2 is missing."""
        return self._pair is None

    def hear(self, texts: Sequence[str], marks: Marks) -> Heard:
        """Return the scores of all voices but langdetect."""
        said = np.zeros((len(VOICES), len(self.rows), len(texts)))
        by_name = dict(zip(VOICES, said, strict=True))
        if self._pair:
            self._hear_pair(*self._pair, texts, marks, by_name)
        chances = by_name["fasttext"]
        chances[: len(self.fasttext.codes)] = self.fasttext.probabilities(texts)
        np.log(chances + FLOOR, out=by_name["fasttext_log"])
        shares = [self.words.shares(text) for text in texts]
        self._fill(by_name["words"], [listed for listed, _ in shares])
        self._fill(by_name["own_words"], [divided for _, divided in shares])
        by_name["alien"][...] = (marks & self._alien) != 0
        by_name["borrowed"][...] = (marks & self._borrowed) != 0
        by_name["other_script"][...] = (marks & self._written) == 0
        by_name["rare"][...] = self._rare
        by_name["common"][...] = self._common
        lengths = np.array([length_class(len(text) - text.count(" ")) for text in texts], np.intp)
        return Heard(said, lengths)

    def _hear_pair(
        self,
        eld: EldModel,
        cld2: Cld2Model,
        texts: Sequence[str],
        marks: Marks,
        by_name: Mapping[str, Values],
    ) -> None:
        behind = by_name["eld_behind"]
        self._fill(by_name["cld2"], [cld2.shares(text) for text in texts])
        scored = [eld.scores(text) for text in texts]
        self._fill(behind, [scores for scores, _ in scored])
        reliable = [is_reliable for _, is_reliable in scored]
        by_name["eld_reliable"][behind.argmax(axis=0), np.arange(len(texts))] = reliable
        knows = (self._eld_knows != 0) & ((self._eld_needs == 0) | ((marks & self._eld_needs) != 0))
        away = np.where(behind > 0, behind - behind.max(axis=0), -UNSCORED)
        behind[...] = np.where(knows, away, 0.0)
        by_name["eld_unknown"][...] = ~knows
        russian = by_name["latin_russian"][self.row_of["ru_latn"]]
        for column in np.flatnonzero((marks & self.letters.not_latin_russian) == 0).tolist():
            russian[column] = is_like_russian(texts[column], eld)

    def _by_row(self, by_code: Mapping[str, int]) -> npt.NDArray[np.int64]:
        return np.array([[by_code.get(code, 0)] for code in self.rows], np.int64)

    def _fill(self, said: Values, by_text: Sequence[Mapping[str, float]]) -> None:
        """Set the scores of each text by code; codes without a row are ignored."""
        row_of = self.row_of
        rows = [row_of.get(code, -1) for by_code in by_text for code in by_code]
        columns = [column for column, by_code in enumerate(by_text) for _ in by_code]
        values = [value for by_code in by_text for value in by_code.values()]
        padded = np.zeros((len(said) + 1, len(by_text)))  # the last row is for codes without one
        padded[rows, columns] = values
        said[...] = padded[:-1]


def load_voices(eld: EldModel | None, cld2: Cld2Model | None) -> Voices:
    """Load the other models (0.5 s)."""
    fasttext, profiles = load_fasttext_model(_FASTTEXT_PLACES), load_exact_profiles(_LANGDETECT_PLACES)
    return Voices(fasttext, profiles, Letters(), load_words(), eld, cld2)
