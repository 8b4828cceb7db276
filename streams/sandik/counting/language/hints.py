"""`lang_hint`: the language given by the source of a post. A prior, used if the text does not decide."""

import re
from collections.abc import Container

from sandik.counting.language.codes import our_code

#: Below this probability of its best answer, a text does not decide: two of five answers are wrong.
DECIDED = 0.7

#: How many times more likely a hint makes a language. Detectors of networks are more reliable than that, but
#: some senders write one fixed language into every post.
HINT_ODDS = 20.0

#: The least probability of a hinted language written in the script of an undecided text: the models are too
#: sure that two unknown words are not Turkish. With it, a hint wins against any answer below one half.
LEAST = 0.05

_LATIN = (
    " af az bs ca cs cy da de en eo es et eu fi fr ga gl hbs hr hu id is it ku la lt lv ms nl no pl pt ro sk"
    " sl so sq sr sv sw tk tl tr uz vi "
)
_SCRIPTS = (
    (re.compile("[A-Za-zÀ-ɏ]"), _LATIN),
    (re.compile("[Ѐ-ԯ]"), " ba be bg cv kk ky mk mn ru sr tg tt uk "),
    (re.compile("[؀-ۿ]"), " ar az fa ku ps sd ug ur "),
)
_RENAMED = {"in": "id", "iw": "he", "ji": "yi", "fil": "tl"}  # as written by Twitter and old systems
_LONGEST = 12  # `zh-hant-tw`; longer texts are not codes


def hinted_code(hint: str | None, known: Container[str]) -> str | None:
    """Return our code for a hint such as `tr`, `pt-BR` or `zh_Hans`; None for an unknown language."""
    if not hint or len(hint) > _LONGEST:
        return None
    hint = hint.strip().lower().replace("_", "-")
    primary = hint.partition("-")[0]
    code = our_code(hint) if our_code(hint) in known else our_code(_RENAMED.get(primary, primary))
    return code if code in known else None


def is_written_in(text: str, code: str) -> bool:
    """Return whether `text` has a letter of a script of the language: Latin, Cyrillic or Arabic."""
    return any(f" {code} " in codes and letter.search(text) for letter, codes in _SCRIPTS)


def with_hint(text: str, code: str, probability: float) -> float:
    """Return the probability of a hinted language to which the models give `probability`."""
    if is_written_in(text, code):
        probability = max(probability, LEAST)
    odds = HINT_ODDS * probability
    return odds / (odds + 1 - probability)
