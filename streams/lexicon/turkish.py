"""Turkish inflection by rule: enough of it for the nouns, compounds and verbs of a lexicon, and no more.

Suffixes are written as grammars do: A is a or e, I is ı, i, u or ü, D is d or t, C is c or ç, and a letter in
brackets joins two vowels or two consonants: "(y)A" after sandık- gives sandığa, after oylama oylamaya.
"""

from collections.abc import Iterable, Iterator

_BACK, _VOWELS = "aıou", "aeıioöuü"
_VOICELESS = "fstkçşhp"
_CLOSE = {"a": "ı", "ı": "ı", "e": "i", "i": "i", "o": "u", "u": "u", "ö": "ü", "ü": "ü"}
_SOFT = {"k": "ğ", "ç": "c", "t": "d", "p": "b"}

_CASES = ("", "(y)I", "(y)A", "DA", "DAn", "(n)In", "(y)lA")
_CASES_AFTER_HIS = ("", "nI", "nA", "nDA", "nDAn", "nIn", "(y)lA", "ncA")
_POSSESSORS = ("(I)m", "(I)n", "(I)mIz", "(I)nIz")
_WHO_IS_AT = ("ki", "kiler")
_IS = ("DIr", "(y)DI", "(y)mIş", "(y)sA")

_PAST = ("m", "n", "", "k", "nIz", "lAr")
_PRESENT = ("(y)Im", "sIn", "", "(y)Iz", "sInIz", "lAr")
_BEING = ("(y)DI", "(y)sA", "(y)mIş", "(y)ken", "DIr")


def attach(stem: str, suffix: str, *, softens: bool = False) -> str:
    """Return `stem` with `suffix`, in harmony. `softens`: its last letter does so before a vowel (sandık)."""
    optional, _, rest = suffix[1:].partition(")") if suffix.startswith("(") else ("", "", suffix)
    if optional and (optional in "Iaeıi") == (stem[-1] not in _VOWELS):
        rest = optional + rest
    word = stem
    for letter in rest:
        last_vowel = next((char for char in reversed(word) if char in _VOWELS), "e")
        if letter == "A":
            letter = "a" if last_vowel in _BACK else "e"
        elif letter == "I":
            letter = _CLOSE[last_vowel]
        elif letter in "DC":
            letter = {"D": "dt", "C": "cç"}[letter][word[-1] in _VOICELESS]
        if softens and len(word) == len(stem) and letter in _VOWELS:
            word = word[:-1] + _SOFT.get(word[-1], word[-1])
        word += letter
    return word


def noun(stem: str, *, softens: bool = False) -> Iterator[str]:
    """Yield the forms of a noun: number, possessor, case, what is at it (-deki), being it (-dir, -ydi)."""
    for number in (stem, attach(stem, "lAr")):
        soft = softens and number == stem
        yield from _with_cases(number, _CASES, softens=soft)
        yield attach(number, "CA")
        for possessor in _POSSESSORS:
            yield from _declined(attach(number, possessor, softens=soft), _CASES)
        his = attach(number, "I" if number != stem else "(s)I", softens=soft)
        yield from _with_cases(his, _CASES_AFTER_HIS)


def compound(phrase: str) -> Iterator[str]:
    """Yield the forms of a possessive compound (seçim sandığı: sandığını, sandıkları, sandıklarındaki)."""
    yield from _with_cases(phrase, _CASES_AFTER_HIS)
    # Without its -(s)I; so a stem that ends in vowel + s (kampüs) needs another rule. None is in the lexicon.
    stem = phrase[:-2] if phrase[-2] == "s" and phrase[-3] in _VOWELS else phrase[:-1]
    stem = stem[:-1] + "k" if stem[-1] == "ğ" else stem
    yield from _with_cases(attach(stem, "lArI"), _CASES_AFTER_HIS)


def verb(stem: str, aorist: str) -> Iterator[str]:
    """Yield the forms of a verb: tenses and persons, participles with cases, converbs, and all of it negated.

    `aorist` (verir, gider) cannot be known from the stem, nor can the softening it shows (git-, gidiyor).
    """
    softens = not aorist.startswith(stem)
    for root, wide in ((stem, aorist), (attach(stem, "mA"), attach(stem, "mAz"))):
        soft = softens and root == stem
        progressive = attach(stem, "(I)yor" if root == stem else "mIyor", softens=soft)
        future = attach(root, "(y)AcAk", softens=soft)
        yield from _conjugated(attach(root, "DI"), _PAST)
        yield from _conjugated(attach(root, "sA"), _PAST)
        for tense in (progressive, future, wide, attach(root, "mIş"), attach(root, "mAlI")):
            yield from _conjugated(tense, _PRESENT, softens=tense == future)
            yield from (attach(tense, being) for being in _BEING)
            yield from _conjugated(attach(tense, "(y)DI"), _PAST)
        yield from (attach(root, end, softens=soft) for end in ("", "sIn", "sInlAr", "(y)In", "(y)InIz"))
        yield from (attach(root, end, softens=soft) for end in ("(y)AyIm", "(y)AlIm", "(y)Ip", "(y)ArAk"))
        yield from (attach(root, end, softens=soft) for end in ("(y)IncA", "DIkçA", "mAdAn", "mAk", "mAklA"))
        yield attach(root, "mAktAn")
        doing = attach(root, "mA")
        yield from _declined(doing, _CASES)
        yield from _declined(attach(doing, "(s)I"), _CASES_AFTER_HIS)
        yield from _declined(attach(doing, "lArI"), _CASES_AFTER_HIS)
        for possessor in _POSSESSORS:
            yield from _declined(attach(doing, possessor), _CASES)
        who = attach(root, "(y)An", softens=soft)
        yield from _declined(who, _CASES)
        yield from _declined(attach(who, "lAr"), _CASES)
        for fact in (attach(root, "DIk"), future):
            yield from _declined(attach(fact, "I", softens=True), _CASES_AFTER_HIS)
            yield from _declined(attach(fact, "lArI"), _CASES_AFTER_HIS)
            for possessor in _POSSESSORS:
                yield from _declined(attach(fact, possessor, softens=True), _CASES)
    # To be able to, in the past, now and in general: verebildi, verebiliyor, verebilir.
    able = attach(stem, "(y)Abil", softens=softens)
    yield from _conjugated(attach(able, "DI"), _PAST)
    for end in ("(I)yor", "(y)AcAk", "ir"):
        yield from _conjugated(attach(able, end), _PRESENT, softens=True)
    yield attach(stem, "mAyIz")


def _with_cases(word: str, cases: Iterable[str], *, softens: bool = False) -> Iterator[str]:
    """Yield the cases of `word`, the forms of what is at it or is its own, and those of being (at) it."""
    for case in cases:
        declined = attach(word, case, softens=softens)
        yield declined
        if case.endswith("DA"):
            yield from (attach(declined, who) for who in _WHO_IS_AT)
        if case == "" or case.endswith("DA"):
            yield from (attach(declined, being) for being in _IS)
        if case == "":
            yield from (attach(declined, person) for person in ("(y)Im", "(y)Iz", "(y)ken"))


def _declined(word: str, cases: Iterable[str]) -> Iterator[str]:
    return (attach(word, case) for case in cases)


def _conjugated(tense: str, persons: Iterable[str], *, softens: bool = False) -> Iterator[str]:
    return (attach(tense, person, softens=softens) for person in persons)
