"""Language codes: those of the models, and ours."""

from collections.abc import Iterable

#: A member of a macrolanguage with a two-letter code gets that code: Egyptian Arabic counts as Arabic. The
#: other codes are retired, or misused by fastText.
_OUR_CODE = {
    "zh-cn": "zh",
    "zh-tw": "zh",
    "wuu": "zh",
    "yue": "zh",
    "nb": "no",
    "nn": "no",
    "arz": "ar",
    "azb": "az",
    "ckb": "ku",
    "als": "gsw",  # Wikipedia's name for Alemannic; in ISO 639-3 `als` is an Albanian dialect
    "bh": "bih",
    "sh": "hbs",
}


def our_code(code: str) -> str:
    """Return the code in our outputs for a model's own `code`."""
    return _OUR_CODE.get(code, code)


def merged_codes(theirs: Iterable[str]) -> tuple[tuple[str, ...], list[int], list[tuple[int, int]]]:
    """Return our codes for a model's codes, each once, and how to merge probabilities in the model's order.

    That is: the first index in `theirs` of each of our codes, and pairs of indices (ours, theirs) of repeated
    codes, whose probabilities are added.
    """
    codes = [our_code(code) for code in theirs]
    ours = tuple(dict.fromkeys(codes))
    first = [codes.index(code) for code in ours]
    more = [(ours.index(code), index) for index, code in enumerate(codes) if index != codes.index(code)]
    return ours, first, more
