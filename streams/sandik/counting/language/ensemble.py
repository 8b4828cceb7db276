"""Weighs several voices. Each scores the languages that it knows; none has a veto.

    score(language) = sum of weight(voice, length of the text) * score of the voice
    probability     = softmax of the scores

A language that a voice does not know has its own weight, because a missing profile is not evidence against a
language. `make fit-language` fits the weights in `ensemble.toml` to half of the labelled texts, so the
probability is the frequency of right answers.
"""

import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np

from sandik.counting.language.letter_evidence import Marks
from sandik.counting.language.scores import IN_LATIN, LANGDETECT_VOICES, LISTED, VOICES, Heard, Values, Voices

#: Below this probability of the best language, langdetect is used too.
UNSURE = 0.4

#: By kind of voices (`all`, or `portable` without ELD and CLD2) and round (`second`: with langdetect): the
#: weights of each voice, by class of length.
Weights = Mapping[str, Mapping[str, Mapping[str, Sequence[float]]]]


class Pool:
    """Weighs the voices for clean texts, in batches."""

    def __init__(self, voices: Voices, weights: Weights) -> None:
        self.voices = voices
        kind = weights["portable" if voices.is_portable else "all"]
        #: By voice: its weights by length class, without and with langdetect.
        self.first = np.array([kind["first"][voice] for voice in VOICES], float)
        self.second = np.array([kind["second"][voice] for voice in VOICES + LANGDETECT_VOICES], float)

    def judge(self, texts: Sequence[str], marks: Marks) -> tuple[Values, Values]:
        """Return by language (row) and text (column) the probability and the share of listed words."""
        heard = self.voices.hear(texts, marks)
        probabilities = self._weighed(heard, self.first)
        unsure = np.flatnonzero(probabilities.max(axis=0) < UNSURE)
        if len(unsure):
            more = self.voices.langdetect.hear([texts[column] for column in unsure.tolist()])
            some = heard.some(unsure)
            both = Heard(np.concatenate([some.said, more]), some.lengths)
            probabilities[:, unsure] = self._weighed(both, self.second)
        return probabilities, heard.said[LISTED]

    def _weighed(self, heard: Heard, weights: Values) -> Values:
        scores = np.zeros(heard.said.shape[1:])
        for said, weight in zip(heard.said, weights[:, heard.lengths], strict=True):
            scores += said * weight  # voice after voice: the order of a sum must not vary with the batch
        scores -= scores.max(axis=0)
        np.exp(scores, out=scores)
        scores /= scores.cumsum(axis=0)[-1]  # row after row, for the same reason
        probabilities = scores[: len(self.voices.codes)]
        for code, ours in IN_LATIN.items():
            probabilities[self.voices.row_of[ours]] += scores[self.voices.row_of[code]]
        return probabilities


@cache
def load_weights() -> Mapping[str, Any]:
    """Read `ensemble.toml`."""
    return tomllib.loads(files(__package__).joinpath("ensemble.toml").read_text("utf-8"))
