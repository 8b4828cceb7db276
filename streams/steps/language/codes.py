"""Language codes: what the models call a language, and what we call it."""

#: A member of a macrolanguage that has a two-letter code takes that code: whoever counts Arabic posts does
#: not want the Egyptian ones elsewhere. The rest are codes that are retired, or that fastText misuses.
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
