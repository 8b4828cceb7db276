"""Kinds of texts, and how often a detector is right about each: held out, with intervals.

Some are labelled texts as people write them on a telephone: Turkish, Azerbaijani and Kurdish without their
letters, Russian in Latin ones. `language_cases.jsonl` has short and odd posts, written for this.
"""

import hashlib
import json
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import msgspec

from sandik.counting.language.codes import our_code
from sandik.figures.interval import wilson
from tests.quality.labelled import Detect, Text, labelled

_ASCII = str.maketrans("çğıİöşüâîûêəÇĞÖŞÜÂÎÛÊƏ", "cgiIosuaiueeCGOSUAIUEE")
_SHARED = dict(zip("абвгдезиклмнопрстуф", "abvgdeziklmnoprstuf", strict=True))
#: Three of the ways in which Russian is written in Latin letters.
_WAYS = tuple(
    str.maketrans({**small, **{one.upper(): other.capitalize() for one, other in small.items()}})
    for way in (
        "ya yu yo zh h ts ch sh sch y e - y -",
        "ja ju jo zh h c ch sh shh y e ' j -",
        "ya yu e zh kh ts ch sh shch i e - i -",
    )
    for small in [_SHARED | dict(zip("яюёжхцчшщыэьйъ", way.replace("-", "").split(" "), strict=True))]
)
#: One in so many texts of the large languages is altered: kind, language, how many, which of them.
_CHOSEN = {
    "az": ("altered-az-ascii", 1),
    "ku": ("altered-ku-ascii", 1),
    "tr": ("altered-tr-ascii", 3),
    "ru": ("altered-ru-latin", 3),
}


@cache
def altered() -> tuple[Text, ...]:
    """Return altered texts: sentences and tweets, no single words."""
    found = []
    for text in labelled():
        kind, one_in = _CHOSEN.get(text.language, ("", 0))
        # Halved by its last bit, so chosen by others.
        if (
            not kind
            or "word" in text.source
            or text.source.startswith("llclass")
            or text.bucket // 2 % one_in
        ):
            continue
        way = _WAYS[text.bucket // 8 % len(_WAYS)] if text.language == "ru" else _ASCII
        found.append(Text(kind, text.language, text.text.translate(way), text.bucket))
    return tuple(found)


CASES = Path(__file__).with_name("language_cases.jsonl")
WRITTEN = "written for this"
COUNTRY = "llclass-tweets"
#: Languages that models take for larger neighbours.
_SMALL = ("ku", "uz", "az", "tk", "tt", "bg", "mk", "be", "uk")


class Share(msgspec.Struct):
    """How many texts of a kind are right, and the 95 % interval of the share."""

    texts: int
    share: float
    low: float
    high: float


def cases() -> tuple[Text, ...]:
    """Return the posts that were written for this: none of them is fitted to."""
    rows = map(json.loads, CASES.read_text("utf-8").splitlines())
    return tuple(Text(WRITTEN, row["lang"], row["text"], _odd(row["text"])) for row in rows)


def _odd(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big") | 1


def is_right(text: Text, code: str) -> bool:
    """Whether an answer is right: of a text in two languages (`tr/ru`) either one or both, of others theirs.

    Two languages (`en+ur`) are right if the label is one of them: the post is counted there.
    """
    labels, found = {our_code(one) for one in text.language.split("/")}, set(code.split("+"))
    return found <= labels or labels <= found


def interval(right: int, of: int) -> Share:
    """Return a share with Wilson's interval."""
    low, high = wilson(right, of)
    return Share(of, round(right / of, 4) if of else 0.0, round(low, 4), round(high, 4))


def by_kind(detect: Detect) -> dict[str, Share]:
    """Return how often answers are right, by kind, over the texts that nothing was fitted to."""
    texts = [text for text in (*labelled(), *altered(), *cases()) if text.bucket % 2 == 1]
    answers = [answer.code for answer in detect([text.text for text in texts], None)]
    pairs = list(zip(texts, answers, strict=True))
    return {
        name: interval(sum(is_right(text, code) for text, code in pairs if wanted(text)), of)
        for name, wanted in _kinds()
        if (of := sum(wanted(text) for text, _ in pairs))
    } | {f"F1 {code}, tweets": _f1(pairs, code) for code in ("tr", "ru")}


def _kinds() -> Iterator[tuple[str, Callable[[Text], bool]]]:
    yield "tweets", _is_tweet
    yield "tweets labelled by country", lambda text: text.source == COUNTRY
    yield "sentences", lambda text: _is_plain(text) and "word" not in text.source
    yield "words and pairs", lambda text: "word" in text.source
    for name, source in (
        ("Turkish in ASCII", "altered-tr-ascii"),
        ("Azerbaijani in ASCII", "altered-az-ascii"),
        ("Kurmanji in ASCII", "altered-ku-ascii"),
        ("Russian in Latin letters", "altered-ru-latin"),
        ("short and odd posts", WRITTEN),
    ):
        yield name, lambda text, source=source: text.source == source  # type: ignore[misc]
    for code in _SMALL:
        yield (
            f"sentences and words, {code}",
            lambda text, code=code: (  # type: ignore[misc]
                text.language == code and _is_plain(text)
            ),
        )


def _is_tweet(text: Text) -> bool:
    return text.is_tweet and text.source != COUNTRY


def _is_plain(text: Text) -> bool:
    return not (text.is_tweet or text.source.startswith("altered") or text.source == WRITTEN)


def _f1(pairs: list[tuple[Text, str]], code: str) -> Share:
    tweets = [(text.language == code, answer == code) for text, answer in pairs if _is_tweet(text)]
    both = sum(labelled and found for labelled, found in tweets)
    one = sum(labelled + found for labelled, found in tweets)
    f1 = interval(2 * both, one)
    return Share(sum(labelled for labelled, _ in tweets), f1.share, f1.low, f1.high)
