"""The default detector: fastText, corrected by letters; where that is unsure, langdetect has a say."""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from streams.steps.language.calibration import calibrated
from streams.steps.language.cleaning import has_a_letter, has_enough_letters
from streams.steps.language.detector import UNDETERMINED, Language, rounded
from streams.steps.language.exact_profiles import ExactProfiles, load_exact_profiles
from streams.steps.language.fasttext_model import FasttextModel, load_fasttext_model
from streams.steps.language.hints import DECIDED, hinted_code, is_written_in, with_hint
from streams.steps.language.letters import Letters

#: From this probability on, fastText's answer stands. Below it, the answer is right less than half the time,
#: and langdetect is heard.
SURE = 0.5

#: Each letter of a text is in several of its n-grams (of 1, 2 and 3 characters), so taken as independent
#: evidence they say the same thing three times over.
NGRAM_EVIDENCE = 1 / 3

#: What fastText holds for less likely than this it has ruled out: langdetect does not bring it back.
NEGLIGIBLE = 0.001

_NONE = -1

Probabilities = npt.NDArray[np.float64]


class Cascade:
    """Judges clean texts, many at a time.

    Without `letters` or `calibrate` it does without the one or the other, to see what they are good for.
    """

    def __init__(
        self,
        model: FasttextModel,
        profiles: ExactProfiles,
        letters: Letters | None,
        calibrate: Callable[[Probabilities], Probabilities] | None,
    ) -> None:
        self.version = f"{model.version}:{profiles.version}"
        self._model, self._profiles = model, profiles
        self._letters, self._calibrate = letters, calibrate
        self._row_of = {code: row for row, code in enumerate(model.codes)}
        self._profiled = [self._row_of[code] for code in profiles.codes]

    def judge(self, texts: Sequence[str], hints: Sequence[str | None]) -> list[Language]:
        """Return the language of each clean text. Texts without a letter are undetermined, hint or not."""
        codes = [hinted_code(hint, self._row_of) for hint in hints]
        judged = [
            index
            for index, (text, code) in enumerate(zip(texts, codes, strict=True))
            if has_enough_letters(text) or (code and has_a_letter(text))
        ]
        answers = [UNDETERMINED] * len(texts)
        if judged:
            some = [texts[index] for index in judged]
            for index, answer in zip(judged, self._judge(some, [codes[i] for i in judged]), strict=True):
                answers[index] = answer
        return answers

    def _judge(self, texts: Sequence[str], hints: Sequence[str | None]) -> list[Language]:
        probabilities = self._model.probabilities(texts)
        if self._letters:
            self._letters.share_out(probabilities, texts)
        best = probabilities.argmax(axis=0)
        unsure = np.flatnonzero(probabilities[best, np.arange(len(texts))] < SURE)
        if len(unsure):
            evidence = self._profiles.posterior([texts[column] for column in unsure.tolist()], NGRAM_EVIDENCE)
            weighed = weigh(probabilities[:, unsure], evidence, self._profiled)
            probabilities[:, unsure] = weighed
            best[unsure] = weighed.argmax(axis=0)
        highest = probabilities[best, np.arange(len(texts))]
        self._hear(hints, texts, probabilities, best, highest)
        confidences = rounded(self._calibrate(highest) if self._calibrate else highest)
        return [
            UNDETERMINED if row == _NONE else Language(self._model.codes[row], confidence)
            for row, confidence in zip(best.tolist(), confidences, strict=True)
        ]

    def _hear(
        self,
        hints: Sequence[str | None],
        texts: Sequence[str],
        probabilities: Probabilities,
        best: npt.NDArray[np.intp],
        highest: Probabilities,
    ) -> None:
        """Let hints change the `best` row and its probability where the text has not decided."""
        for column in [column for column, hint in enumerate(hints) if hint]:
            enough = has_enough_letters(texts[column])
            if enough and highest[column] >= DECIDED:
                continue
            hint = hints[column] or ""
            hinted = with_hint(texts[column], hint, float(probabilities[self._row_of[hint], column]))
            if hinted > highest[column] or (not enough and is_written_in(texts[column], hint)):
                best[column], highest[column] = self._row_of[hint], hinted
            elif not enough:
                best[column] = _NONE


def weigh(prior: Probabilities, evidence: Probabilities, rows: Sequence[int]) -> Probabilities:
    """Return what fastText holds (`prior`) once langdetect was heard (`evidence`): language by text.

    langdetect shares out anew the probability of the languages it knows, whose `rows` in the prior are given.
    The others (Azerbaijani, Kurdish, Kazakh and 110 more) keep theirs: having no profile is no evidence
    against a language.
    """
    prior = np.where(prior < NEGLIGIBLE, 0.0, prior)
    known = prior[rows]
    shared = known * evidence
    mass, total = known.cumsum(axis=0)[-1], shared.cumsum(axis=0)[-1]  # not sum: see Letters.share_out
    heard = total > 0
    weighed = prior.copy()
    # Divided first: `total` can be so small that mass / total is infinite.
    part = np.divide(shared, total, out=np.zeros_like(shared), where=heard)
    weighed[rows] = np.where(heard, part * mass, known)
    return weighed


def load_cascade() -> Cascade:
    """Load both models (0.5 s)."""
    model = load_fasttext_model()
    return Cascade(model, load_exact_profiles(), Letters(model.codes), calibrated)
