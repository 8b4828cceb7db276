"""Two languages in a post: its words by script, and a language for each dominant script."""

import re
from collections.abc import Callable, Sequence

import numpy as np

from sandik.counting.language.detector import Detector, Hints, Language
from sandik.counting.language.quotes import own_words
from sandik_schemas.languages import both_languages

#: A script is dominant with this part of the letters, this number of letters, and this many words in a row of
#: which this part begins with a small letter: names of firms and shows in a Russian post do not count.
MIN_PART, MIN_LETTERS, MIN_WORDS, MIN_SMALL = 0.25, 16, 3, 0.5

#: If the confidence of either language is lower, the post is judged as a whole.
SURE = 0.7

#: How many characters are read: the longest Telegram message.
MAX_CHARS = 4_096

#: Two languages of one script are not distinguished within a post; other scripts are not mixed.
_NONE, _LATIN, _CYRILLIC, _REST = range(4)
_SCRIPTS = (_LATIN, _CYRILLIC, _REST)
_RANGES = (
    (_LATIN, 0x41, 0x5A), (_LATIN, 0x61, 0x7A), (_LATIN, 0xC0, 0x24F), (_LATIN, 0x1E00, 0x1EFF),
    (_CYRILLIC, 0x400, 0x52F),
    (_REST, 0x370, 0x3FF), (_REST, 0x530, 0x1DFF), (_REST, 0x3040, 0x30FF), (_REST, 0x3400, 0x9FFF),
    (_REST, 0xAC00, 0xD7A3),
)  # fmt: skip
_SCRIPT = np.zeros(0xD7A5, np.uint8)  # the last one is for all later characters
for _script, _first, _last in _RANGES:
    _SCRIPT[_first : _last + 1] = _script
#: The tables for the compiled twins of `may_be_mixed` and `parts_of`.
SCRIPTS = _SCRIPT.tolist(), MAX_CHARS, MIN_LETTERS, MIN_PART, MIN_WORDS, MIN_SMALL
#: Per character: 1 in the bits of its script if it is a letter. The bits can count `MAX_CHARS` letters.
_BITS = 20
_ONE = np.where(_SCRIPT == _NONE, 0, 1 << _BITS * (np.maximum(_SCRIPT, 1).astype(np.int64) - 1))

#: Links, names and hashtags have no language, and neither have photo credits: `face/Globallookpress`.
_WORDS = re.compile(r"(?<!\S)(?!\S*(?:[/@＠&_]|www\.))[^\s#＃]\S*")
#: The same, faster and less precise.
_LINKS = re.compile(r"https?://\S+|[@#]\w+")


class ByScript:
    """A detector that finds two languages in a post with two dominant scripts: `ru+tr`, alphabetically."""

    def __init__(self, detector: Detector) -> None:
        self.version = detector.version
        self._detector = detector

    def detect(self, texts: Sequence[str], hints: Hints | None = None) -> list[Language]:
        """See `Detector.detect`. With two languages, the confidence is the lower one."""
        answers = self._detector.detect(texts, hints)
        split = [(index, parts) for index in may_be_mixed(texts) if (parts := parts_of(texts[index]))]
        judge_parts(answers, hints, split, self._detector.detect)
        return answers


def judge_parts(
    answers: list[Language],
    hints: Hints | None,
    split: Sequence[tuple[int, tuple[str, str]]],
    detect: Callable[[Sequence[str], Hints], list[Language]],
) -> None:
    """Correct the answers of mixed texts, given by index and parts."""
    if not split:
        return
    several = [hints[index] if hints else None for index, _ in split for _ in range(2)]
    found = detect([part for _, parts in split for part in parts], several)
    for (index, _), first, second in zip(split, found[::2], found[1::2], strict=True):
        confidence = min(first.confidence, second.confidence)
        if first.code != second.code and confidence >= SURE:
            answers[index] = Language(both_languages((first.code, second.code)), confidence)


def parts_of(text: str) -> tuple[str, str] | None:
    """Return the words of a text's two dominant scripts, by number of letters; None if there is only one.

    A word has the script of most of its letters: some people write a Latin letter for a similar one.
    """
    words: dict[int, list[str]] = {script: [] for script in _SCRIPTS}
    letters, longest = dict.fromkeys(_SCRIPTS, 0), dict.fromkeys(_SCRIPTS, 0)
    before, row = _NONE, 0
    text = (own_words(text) or text)[:MAX_CHARS]
    scripts = _SCRIPT.take(_codes(text), mode="clip").tobytes()
    for word in _WORDS.finditer(text):
        of = [scripts.count(script, *word.span()) for script in _SCRIPTS]
        if most := max(of):
            script = _SCRIPTS[of.index(most)]
            words[script].append(word[0])
            letters[script] += most
            before, row = script, row + 1 if script == before else 1
            longest[script] = max(longest[script], row)
    least = max(MIN_LETTERS, MIN_PART * sum(letters.values()))
    carrying = [
        one
        for one in _SCRIPTS
        if letters[one] >= least and longest[one] >= MIN_WORDS and _is_running_text(words[one])
    ]
    if len(carrying) < 2:
        return None
    first, second = sorted(carrying, key=lambda one: (-letters[one], one))[:2]
    return " ".join(words[first]), " ".join(words[second])


def _is_running_text(words: Sequence[str]) -> bool:
    """Return whether words are sentences rather than names, if their script has capitals."""
    return sum(not _first_letter(word).isupper() for word in words) >= MIN_SMALL * len(words)


def _first_letter(word: str) -> str:
    return next(filter(str.isalpha, word), "")


def may_be_mixed(texts: Sequence[str]) -> list[int]:
    """Return the texts that are worth to be looked at word by word. Of a batch at once: hardly one is."""
    # The letters of links are Latin: without them there are not more of these, and as many of the others.
    others = [index for index, text in enumerate(texts) if not text.isascii()]
    places = _with_two_scripts([texts[index][:MAX_CHARS] for index in others], (MIN_PART, 0, 0))
    first = [others[place] for place in places]
    without_links = [_LINKS.sub(" ", texts[index][:MAX_CHARS]) for index in first]
    return [first[index] for index in _with_two_scripts(without_links, (MIN_PART,) * 3)]


def _with_two_scripts(texts: Sequence[str], parts: tuple[float, float, float]) -> list[int]:
    if not texts:
        return []
    starts = np.cumsum([0, *(len(text) + 1 for text in texts[:-1])])
    # The letters of all three are counted at once, each in some bits of a number.
    counts = np.add.reduceat(_ONE.take(_codes("\n".join([*texts, ""])), mode="clip"), starts)
    letters = np.array([counts >> _BITS * place & (1 << _BITS) - 1 for place in range(len(_SCRIPTS))])
    least = np.maximum(MIN_LETTERS, np.outer(parts, letters.sum(axis=0)))
    return np.flatnonzero((letters >= least).sum(axis=0) >= 2).tolist()


def _codes(text: str) -> "np.ndarray[tuple[int], np.dtype[np.uint32]]":
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
