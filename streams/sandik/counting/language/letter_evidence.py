"""Evidence of letters for languages that share a script: Belarusian has no `и`, Turkish has no `ə`."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

# Letters that distinguish the languages of a family, and the languages with them. From today's alphabets; for
# the Cyrillic of Uzbek, Azerbaijani and Turkmen from Unicode's CLDR. Nothing here was fitted to texts.
_CYRILLIC = {
    "ru": "ёийщъыьэюя",
    "uk": "ґєиіїйщьюя",
    "be": "ёійўыьэюя",
    "bg": "ийщъьюя",
    "sr": "ђијљњћџ",
    "mk": "ѓѕијљњќџ",
    "kk": "ёийщъыьэюяәғқңөұүһі",
    "tt": "ёийщъыьэюяәөүҗңһ",
    "ky": "ёийщъыьэюяңөү",
    "uz": "ёийъьэюяўқғҳ",
    "tg": "ёийъэюяғӣқӯҳҷ",
}
_TURKIC_AND_KURDISH = {
    "tr": "cçğıİöşüâîû",
    "az": "cçəğıİöşü",
    "tk": "çäňöşüýž",
    "uz": "c",
    "ku": "cçêîşû",
    "crh": "cçğıİöşüâñ",
    "gag": "cçıİöşüäêţ",
}
_BORROWED = {"tr": "", "az": "qx", "tk": "w", "uz": "qx", "ku": "qwx", "crh": "q", "gag": ""}
_FAMILIES = (_CYRILLIC, _TURKIC_AND_KURDISH)

#: Scripts, each a bit of the marks: the first character of each range, and the one after its last.
_SCRIPTS = {
    "latin": ((0x41, 0x5B), (0x61, 0x7B), (0xC0, 0x250)),
    "cyrillic": ((0x400, 0x530),),
    "arabic": ((0x600, 0x700),),
    "other": ((0x530, 0x600), (0x700, 0x701)),
}
_TABLE_SIZE = 0x700  # the last entry is for all later characters
#: Languages by script. Languages not listed are written in Latin letters.
_WRITTEN_IN = (
    (
        ("cyrillic",),
        "av ba be bg bxr ce cv kk krc ky kv lez mhr mk mn mrj myv os ru rue sah tg tt tyv uk xal",
    ),
    (("arabic",), "ar fa lrc mzn pnb ps sd ug ur"),
    (("latin", "cyrillic"), "hbs sr tk"),
    (("latin", "arabic"), "az ku"),
    (("latin", "cyrillic", "arabic"), "uz"),
    (
        ("other",),
        "am as bih bn bo bpy dty dv el gom gu he hi hy ja ka km kn ko lo mai ml mr my ne new or pa sa",
    ),
    (("other",), "si ta te th xmf yi zh"),
)

#: A bit for each letter that a text has.
Marks = npt.NDArray[np.int64]


class Letters:
    """Finds the letters of a text that a language does not have."""

    def __init__(self) -> None:
        letters = sorted(
            set("".join(letter for family in (*_FAMILIES, _BORROWED) for letter in family.values()))
        )
        bits = {letter: 1 << bit for bit, letter in enumerate(letters)}
        self._table = np.zeros(_TABLE_SIZE + 1, np.int64)
        for letter, bit in bits.items():
            self._table[ord(letter)] |= bit
            if letter != "ı":  # its capital is in all alphabets
                self._table[ord(letter.upper())] |= bit
        #: The bit of each script.
        self.scripts = {name: 1 << len(letters) + place for place, name in enumerate(_SCRIPTS)}
        for name, ranges in _SCRIPTS.items():
            for first, end in ranges:
                self._table[first:end] |= self.scripts[name]
        #: Marks of characters; the last entry is for all later characters.
        self.table: list[int] = self._table.tolist()
        self._written = {
            code: sum(self.scripts[script] for script in scripts)
            for scripts, codes in _WRITTEN_IN
            for code in codes.split()
        }
        #: By language: the letters of its family that it lacks, and those in loan words only (q, w and x,
        #: frequent in Turkish tweets: `aq`, `Twitter`, random letters as laughter).
        self.alien: dict[str, int] = {}
        self.borrowed: dict[str, int] = {}
        for family, lacked in (
            (_CYRILLIC, self.alien),
            (_TURKIC_AND_KURDISH, self.alien),
            (_BORROWED, self.borrowed),
        ):
            every = set("".join(family.values()))
            for code, own in family.items():
                lacked[code] = lacked.get(code, 0) | sum(bits[letter] for letter in every - set(own))

        # Russian in Latin letters has no letters with marks, and no q, w and x.
        self.not_latin_russian = self.of("çğıİöşüâîûəäňýžêñţqwx") | sum(
            bit for script, bit in self.scripts.items() if script != "latin"
        )

    def marks(self, texts: Sequence[str]) -> Marks:
        """Return the letters and scripts that each clean text has. No text may be empty."""
        points = np.frombuffer("".join(texts).encode("utf-32-le"), np.uint32)
        starts = np.cumsum([0, *map(len, texts[:-1])])
        return np.bitwise_or.reduceat(self._table[np.minimum(points, _TABLE_SIZE)], starts)

    def written(self, code: str) -> int:
        """Return the bits of the scripts that a language is written in."""
        return self._written.get(code, self.scripts["latin"])

    def of(self, letters: str) -> int:
        """Return the bits of these letters."""
        found = int(np.bitwise_or.reduce([self._table[ord(letter)] for letter in letters]))
        return found & ~sum(self.scripts.values())
