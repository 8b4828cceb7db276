"""Everyday words of languages (`common_words.toml`): the share of a text's words in each language."""

import tomllib
from collections import defaultdict
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from itertools import product
from typing import Any

# Small Latin letters lose their marks, because every second post omits them; also Turkish ı and Azerbaijani
# ə. A capital İ in small letters is i and a combining dot.
_FOLDED = str.maketrans(
    dict(
        zip(
            "çğıöşüâîûêəáàäåãéèëíìïóòôõúùýžčćđñňßøæšё’",
            "cgiosuaiueeaaaaaeeeiiioooouuyzccdnnsoasе'",
            strict=True,
        )
    )
    | {"̇": ""}
)

#: Bit of a character that was looked up: see native/src/pool.rs.
_KNOWN = 1 << 21

#: How many words of a text are used. Later ones change no answer.
MAX_WORDS = 60


def folded_words(text: str) -> list[str]:
    """Return the words of a text for comparison: small letters, no marks on Latin ones."""
    folded = text.lower().replace("-", " ")
    return (folded if folded.isascii() else folded.translate(_FOLDED)).split()


def about_character(char: str) -> int:
    """Return what a character becomes in `folded_words`, with a higher bit, for the compiled twin."""
    folded = char.lower().replace("-", " ").translate(_FOLDED)
    return _KNOWN | (ord(folded) if folded else 0)


class Words:
    """Finds the languages of a text's everyday words."""

    def __init__(self, entries: Mapping[str, Any]) -> None:
        listed: dict[str, dict[str, None]] = defaultdict(dict)
        for code, entry in entries.items():
            verbs = entry.get("verbs", {})
            parts = [verbs.get(part, "").split() for part in ("starts", "stems", "ends")]
            made = map("".join, product(parts[0] or [""], *parts[1:]))
            for word in folded_words(" ".join([entry["words"], *made])):
                listed[word][code] = None
        #: Word -> the languages that list it, each with its part.
        self.parts = {word: [(code, 1 / len(codes)) for code in codes] for word, codes in listed.items()}
        self.codes = tuple(entries)

    def shares(self, text: str) -> tuple[dict[str, float], dict[str, float]]:
        """Return the share of a text's words that each language lists, also with shared words divided."""
        words = folded_words(text)[:MAX_WORDS]
        shares: dict[str, float] = {}
        divided: dict[str, float] = {}
        for word in words:
            parts = self.parts.get(word)
            if parts is None and "'" in word:  # an ending after a name: `Bakı'da`
                parts = self.parts.get(word.partition("'")[0])
            for code, part in parts or ():
                shares[code] = shares.get(code, 0.0) + 1 / len(words)
                divided[code] = divided.get(code, 0.0) + part / len(words)
        return shares, divided


@cache
def load_words() -> Words:
    """Read the lists."""
    return Words(tomllib.loads(files(__package__).joinpath("common_words.toml").read_text("utf-8")))
