"""Turkish inflection by rules: enough for the nouns, compounds and verbs of a lexicon.

Suffixes are written as in grammars: A is a or e, I is ı, i, u or ü, D is d or t, C is c or ç, and a letter in
brackets joins two vowels or two consonants: "(y)A" after sandık- gives sandığa, after oylama oylamaya.

Besides the written language there is what people type: vericem, vercem, veriyom, vermiycez, and a question
particle or *de* (too) joined to the word before it: verdinmi, seçimide.
"""

from collections.abc import Iterable, Iterator, Mapping

_BACK, _VOWELS = "aıou", "aeıioöuü"
_VOICELESS = "fstkçşhp"
_CLOSE = {"a": "ı", "ı": "ı", "e": "i", "i": "i", "o": "u", "u": "u", "ö": "ü", "ü": "ü"}
_SOFT = {"k": "ğ", "ç": "c", "t": "d", "p": "b"}

#: Case -> what may follow it: is (-dir), was, is said to be, if; who or what is at it (-deki); too (-de).
_IS = ("DIr", "(y)DI", "(y)mIş", "(y)sA", "(y)ken")
_WHO_IS_AT = ("ki", "kiler", "kilerin", "kilere", "kileri", "kilerle", "kinden", "kine", "kini")
_AT = (*_WHO_IS_AT, *_IS, "(y)DIk", "(y)Im", "(y)Iz")
_FROM = ("DIr", "(y)DI", "(y)sA", "(y)mIş", "dA", "(y)Im", "(y)Iz")
_CASES = {"": _IS, "(y)I": ("dA",), "(y)A": ("DIr", "(y)sA", "dA"), "DA": _AT, "DAn": _FROM}
_CASES |= {"(n)In": ("ki", "kiler", "kini", "kinin", "kinden", "sA", "dA"), "(y)lA": ("dA",)}
_HIS_CASES = {"": _IS, "nI": ("dA",), "nA": ("DIr", "(y)sA", "dA"), "nDA": _AT, "nDAn": _FROM}
_HIS_CASES |= {"nIn": ("ki", "kini", "kinin", "kinden", "sA", "dA"), "(y)lA": ("dA",), "ncA": ()}
#: sandıkda, ittifakdan: d where the written language has t.
_UNASSIMILATED = ("dA", "dAn", "dAki")
_AM = ("(y)Im", "(y)Iz", "sIn", "sInIz", "DIrlAr", "(y)DIm", "(y)DIn", "(y)DIk")
_WAS = ("(y)DInIz", "(y)DIlAr", "(y)sAnIz", "(y)sAlAr", "(y)mIşIz", "(y)mIşsInIz")
_MADE_OF_IT = ("lI", "lIk", "sIz", "CI", "CIk", "CA", "mI")
_POSSESSORS = ("(I)m", "(I)n", "(I)mIz", "(I)nIz")

_PAST = ("m", "n", "", "k", "nIz", "lAr")
_PRESENT = ("(y)Im", "sIn", "", "(y)Iz", "sInIz", "lAr")
_BEING = ("(y)mIş", "(y)mIşIm", "(y)mIşIz", "(y)ken", "DIr", "mI", "mIsIn", "mIsInIz", "mIyIz")
_ASKED_PAST = ("nmI", "mI", "nIzmI", "lArmI", "ysA", "ysAm", "ysAn", "ysAk", "ysAnIz", "lArsA")
_TYPED_FUTURE = ("m", "n", "z", "k", "klAr", "nIz", "ksIn", "ksInIz", "ğIm", "ğIz")
_TYPED_NOT = ("IycA", "IcA", "IyAcA", "AycA", "AyAcA")
_TYPED_NOW = ("m", "n", "", "z", "nuz", "sun", "sunuz", "lar")
_ORDERS = ("", "sIn", "sInlAr", "(y)In", "(y)InIz", "sAnA", "sAnIzA", "(y)AyIm", "(y)AlIm")
_WHILE = ("(y)A", "(y)Ip", "DIktAn", "(y)ArAk", "(y)IncA", "DIkçA", "mAdAn", "(y)AlI")
_TO_DO = ("mAk", "mAklA", "mAktAn", "mAktA", "mAktAyIz", "mAktAdIr", "mAktIr", "mAyA")


def attach(stem: str, suffix: str, *, softens: bool = False) -> str:
    """Return `stem` with `suffix`, in harmony. `softens`: its last letter softens before a vowel (sandık)."""
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


#: One syllable, but with -Ir: gelir, görür, verir.
_NARROW = {"al", "bil", "bul", "dur", "gel", "gör", "kal", "ol", "öl", "san", "var", "ver", "vur"}
_ODD = {"et": "eder", "git": "gider", "tat": "tadar", "güt": "güder"}


def aorist(stem: str) -> str:
    """Return the aorist of a verb's stem: -r behind a vowel, -Ar for one syllable (yapar), -Ir for more."""
    before, last = stem[: stem.rfind(" ") + 1], stem[stem.rfind(" ") + 1 :]
    if last in _ODD:
        return before + _ODD[last]
    if last[-1] in _VOWELS:
        return stem + "r"
    is_short = sum(letter in _VOWELS for letter in last) == 1 and last not in _NARROW
    return attach(stem, "Ar" if is_short else "Ir")


def noun(stem: str, *, softens: bool = False) -> Iterator[str]:
    """Yield the forms of a noun: number, possessor, case, what is at it (-deki), being it (-dir, -ydi).

    Of a phrase, only the common forms: its word is an entry of its own, which has the others.
    """
    is_word = " " not in stem
    yield from _all(stem, _UNASSIMILATED if is_word else ())
    for number in (stem, attach(stem, "lAr")):
        soft = softens and number == stem
        yield from _declined(number, _CASES, softens=soft)
        yield from _all(number, (*_AM, *_WAS, *_MADE_OF_IT) if is_word else (*_AM[:2], "CA"))
        for possessor in _POSSESSORS:
            owned = attach(number, possessor, softens=soft)
            yield from _declined(owned, _CASES) if is_word else _all(owned, _CASES)
            yield from _all(owned, _AM[:6] if is_word else ())
        his = attach(number, "I" if number != stem else "(s)I", softens=soft)
        yield from _declined(his, _HIS_CASES)
        yield from _all(his, (*_AM, *_WAS) if is_word else ())


def compound(phrase: str) -> Iterator[str]:
    """Yield the forms of a possessive compound (seçim sandığı: sandığını, sandıkları, sandıklarındaki)."""
    yield from _declined(phrase, _HIS_CASES)
    # Without its -(s)I. A stem that ends in a vowel and s (kampüs) needs another rule: the lexicon has none.
    stem = phrase[:-2] if phrase[-2] == "s" and phrase[-3] in _VOWELS else phrase[:-1]
    stem = stem[:-1] + "k" if stem[-1] == "ğ" else stem
    yield from _declined(attach(stem, "lArI"), _HIS_CASES)


def verb(stem: str, wide: str) -> Iterator[str]:
    """Yield the forms of a verb: tenses and persons, participles with cases, converbs; not, can and cannot.

    `wide`, the aorist, shows whether the stem softens (git-: gider, gidiyor).
    """
    softens = not wide.startswith(stem)
    able, unable = attach(stem, "(y)Abil", softens=softens), attach(stem, "(y)AmA", softens=softens)
    # oyla-: oyluyor.
    now = attach(stem[:-1], "Iyor") if stem[-1] in _VOWELS else attach(stem, "(I)yor", softens=softens)
    yield from _finite(stem, wide, now, softens=softens)
    yield from _finite(attach(stem, "mA"), attach(stem, "mAz"), attach(stem, "mIyor"))
    yield from _finite(able, able + "ir", able + "iyor")
    yield from _finite(unable, unable + "z", attach(unable[:-1], "Iyor"))
    # I do not, we do not: the negated aorist has its own endings.
    yield from (
        attach(negated, person) for negated in (attach(stem, "mA"), unable) for person in ("m", "yIz")
    )
    typed = ("(y)AcA", "(y)IcA", "CA")
    yield from _all((attach(stem, future, softens=softens) for future in typed), _TYPED_FUTURE)
    negated = attach(stem, "mA")[:-1]
    for typed_stem in (negated, unable[:-1]):
        yield from _all((attach(typed_stem, will) for will in _TYPED_NOT), _TYPED_FUTURE)


def _finite(root: str, wide: str, now: str, *, softens: bool = False) -> Iterator[str]:
    """Yield the forms of one root: as it is (ver-), negated (verme-), with can (verebil-) or cannot."""
    future = attach(root, "(y)AcAk", softens=softens)
    past = attach(root, "DI")
    yield from _all((past, attach(root, "sA"), attach(root, "sAydI")), _PAST)
    yield from _all(past, _ASKED_PAST)
    for tense in (now, future, wide, attach(root, "mIş"), attach(root, "mAlI")):
        yield from (attach(tense, person, softens=tense == future) for person in _PRESENT)
        yield from _all(tense, _BEING)
        yield from _all((attach(tense, "(y)DI"), attach(tense, "(y)sA")), _PAST)
        yield from _all(attach(tense, "lAr"), ("DI", "mIş", "sA", "mI"))
    yield from _all(now[:-1], _TYPED_NOW)
    yield from (attach(root, end, softens=softens) for end in (*_ORDERS, *_WHILE, *_TO_DO))
    doing, who = attach(root, "mA"), attach(root, "(y)An", softens=softens)
    yield from _all((doing, who, attach(who, "lAr")), _CASES)
    for his in (attach(doing, "(s)I"), attach(doing, "lArI")):
        yield from _all(his, _HIS_CASES)
    yield from _all((attach(doing, possessor) for possessor in _POSSESSORS), _CASES)
    for fact in (attach(root, "DIk"), future):
        yield from _all((attach(fact, "I", softens=True), attach(fact, "lArI")), _HIS_CASES)
        yield from _all((attach(fact, possessor, softens=True) for possessor in _POSSESSORS), _CASES)


def _declined(word: str, cases: Mapping[str, Iterable[str]], *, softens: bool = False) -> Iterator[str]:
    for case, endings in cases.items():
        declined = attach(word, case, softens=softens)
        yield declined
        # An ending softens a word that has no case (sandık: sandığım).
        yield from (attach(declined, ending, softens=softens and not case) for ending in endings)


def _all(words: str | Iterable[str], endings: Iterable[str]) -> Iterator[str]:
    together = (words,) if isinstance(words, str) else tuple(words)
    return (attach(word, ending) for word in together for ending in endings)
