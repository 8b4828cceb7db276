"""What letters alone say about languages that share a script: Belarusian has no `и`, Turkish has no `ə`."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

# Letters that tell the languages of a family apart, and who writes them. From the alphabets in use today; for
# the Cyrillic of Uzbek, Azerbaijani and Turkmen see Unicode's CLDR. Nothing here was fitted to texts.
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
}
_TURKIC_AND_KURDISH = {
    "tr": "cçğıİöşüâîû",
    "az": "cçəğıİöşü",
    "tk": "çäňöşüýž",
    "uz": "c",
    "ku": "cçêîşû",
}
_BORROWED = {"tr": "", "az": "qx", "tk": "w", "uz": "qx", "ku": "qwx"}

#: How much less likely a language is once a letter appears that its alphabet lacks: a name or a typing error.
ALIEN = 0.03
#: The same for q, w and x, which Turkish tweets are full of (`aq`, `Twitter`, laughing on the keyboard).
BORROWED = 0.2

_FAMILIES = ((_CYRILLIC, ALIEN), (_TURKIC_AND_KURDISH, ALIEN), (_BORROWED, BORROWED))
_TABLE_SIZE = 0x530  # beyond are no letters of ours

Probabilities = npt.NDArray[np.float64]


class Letters:
    """Shares out the probability of a family anew among its members, as the letters of a text have it.

    `codes` name the rows of the probabilities.
    """

    def __init__(self, codes: Sequence[str]) -> None:
        letters = sorted({letter for alphabets, _ in _FAMILIES for letter in "".join(alphabets.values())})
        bits = {letter: 1 << bit for bit, letter in enumerate(letters)}
        self._bits = np.zeros(_TABLE_SIZE + 1, np.int64)
        for letter, bit in bits.items():
            self._bits[ord(letter)] = bit
            if letter != "ı":  # its capital is everybody's
                self._bits[ord(letter.upper())] = bit
        self._families = [
            (
                np.array([codes.index(code) for code in alphabets]),
                np.array(
                    [
                        [sum(bits[x] for x in set("".join(alphabets.values())) - set(own))]
                        for own in alphabets.values()
                    ]
                ),
                factor,
            )
            for alphabets, factor in _FAMILIES
        ]

    def share_out(self, probabilities: Probabilities, texts: Sequence[str]) -> None:
        """Change the probabilities of each clean text (a column) in place."""
        points = np.frombuffer("".join(texts).encode("utf-32-le"), np.uint32)
        starts = np.cumsum([0, *map(len, texts[:-1])])
        found = np.bitwise_or.reduceat(self._bits[np.minimum(points, _TABLE_SIZE)], starts)
        for rows, alien, factor in self._families:
            misfit = (found & alien) != 0
            some = np.flatnonzero(misfit.any(axis=0))
            if len(some):
                before = probabilities[np.ix_(rows, some)]
                after = np.where(misfit[:, some], factor, 1.0) * before
                # cumsum adds row after row; the order of sum, hence its last digit, varies with the batch.
                mass, shared = before.cumsum(axis=0)[-1], after.cumsum(axis=0)[-1]
                probabilities[np.ix_(rows, some)] = after * (mass / shared)
