"""`lang_hint`: the language as the source of a post has it. A prior, heard where the text cannot decide."""

import re
from collections.abc import Container

from sandik.counting.language.codes import our_code

#: Below this probability of its own answer a text has not decided: two answers in five are wrong there.
DECIDED = 0.7

#: How many times more likely a hinted language is than before. Networks' own detectors are right more often
#: than that, but some senders write one fixed language into every post.
HINT_ODDS = 20.0

#: What an undecided text leaves at least to a hinted language that is written in its script: the models are
#: surer than they should be that two words they never met are not Turkish. With it, a hint wins against any
#: answer below one half.
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
_RENAMED = {"in": "id", "iw": "he", "ji": "yi", "fil": "tl"}  # what Twitter and old systems write
_LONGEST = 12  # `zh-hant-tw`; what is longer is no code, and not worth taking apart


def hinted_code(hint: str | None, known: Container[str]) -> str | None:
    """Return our code for a hint such as `tr`, `pt-BR` or `zh_Hans`; None if it names no language we know."""
    if not hint or len(hint) > _LONGEST:
        return None
    hint = hint.strip().lower().replace("_", "-")
    primary = hint.partition("-")[0]
    code = our_code(hint) if our_code(hint) in known else our_code(_RENAMED.get(primary, primary))
    return code if code in known else None


def is_written_in(text: str, code: str) -> bool:
    """Whether `text` has a letter of a script that the language is written in: Latin, Cyrillic or Arabic."""
    return any(f" {code} " in codes and letter.search(text) for letter, codes in _SCRIPTS)


def with_hint(text: str, code: str, probability: float) -> float:
    """Return the probability of a hinted language which the models give `probability`."""
    if is_written_in(text, code):
        probability = max(probability, LEAST)
    odds = HINT_ODDS * probability
    return odds / (odds + 1 - probability)
