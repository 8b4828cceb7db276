"""Russian and Ukrainian inflection from the dictionaries of pymorphy3, which only the generator needs."""

import itertools
from collections.abc import Iterator
from functools import cache
from typing import Any

from sandik.counting.tags.lexicon import LexiconError

#: In the Ukrainian dictionary an infinitive is a verb.
_PARTS_OF_SPEECH = {"noun": {"NOUN"}, "verb": {"INFN", "VERB"}, "adjective": {"ADJF", "PRTF"}}


def inflect(language: str, phrase: str, kind: str, head: str) -> Iterator[str]:
    """Yield the forms of `phrase`.

    Its `head`, the first or last word, has this `kind` and inflects. With "all" it is a noun at the end, and
    the adjectives before it agree in number, case and gender.
    """
    if head == "all":
        *adjectives, noun = phrase.split(" ")
        for form in _lexeme(language, noun, "noun"):
            fitting = [
                [a.word for a in _lexeme(language, word, "adjective") if _agree(a.tag, form.tag)]
                for word in adjectives
            ]
            for words in itertools.product(*fitting):
                yield " ".join((*words, form.word))
        return
    # The second half of дип-фейк inflects as in дип фейк.
    cut = phrase.find(" ") if head == "first" else max(phrase.rfind(" "), phrase.rfind("-")) + 1
    before, word, after = (
        ("", phrase[:cut], phrase[cut:]) if head == "first" else (phrase[:cut], phrase[cut:], "")
    )
    for form in _lexeme(language, word, kind):
        yield before + form.word + after


@cache
def _lexeme(language: str, word: str, kind: str) -> tuple[Any, ...]:
    parses = _morphology(language).parse(word)
    readings = [parse for parse in parses if parse.tag.POS in _PARTS_OF_SPEECH[kind]]
    # выборы is a word of its own, and the plural of выбор (choice): take the one with this lemma.
    meant = [parse for parse in readings if parse.normal_form == word.lower()]
    # The lemma of a participle is its verb.
    reading = next(iter(meant or (readings if kind == "adjective" else [])), None)
    if reading is None:
        # For an unknown word, the library may guess a form of another word (дипфек: genitive of *дипфка).
        raise LexiconError(f"{language} '{word}': unknown {kind}; fix `inflects` or `head`, or use `forms`")
    if kind != "adjective":
        return tuple(reading.lexeme)
    # The lexeme of a participle is its whole verb.
    like = (reading.tag.voice, reading.tag.tense)
    wanted = {"ADJF", "ADJS", "PRTF", "PRTS"}
    return tuple(f for f in reading.lexeme if f.tag.POS in wanted and (f.tag.voice, f.tag.tense) == like)


def _agree(adjective: Any, noun: Any) -> bool:
    if adjective.number != noun.number or adjective.case != noun.case:
        return False
    if adjective.animacy not in (None, noun.animacy):
        return False
    return bool(noun.number == "plur" or adjective.gender == noun.gender)


@cache
def _morphology(language: str) -> Any:
    try:
        import pymorphy3

        return pymorphy3.MorphAnalyzer(lang=language)
    except (ImportError, ValueError) as error:
        raise LexiconError(
            f"forms of '{language}' need pymorphy3; install pymorphy3 and pymorphy3-dicts-{language}"
        ) from error
