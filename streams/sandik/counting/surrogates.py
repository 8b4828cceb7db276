r"""Half an emoji in JSON -> U+FFFD: the one repair, wherever a post is read.

Tools that cut texts by UTF-16 leave the escaped half of a surrogate pair behind (`\ud83d` alone). It has no
UTF-8 form, so parsers refuse the whole value. Losing half an emoji is better than losing the post. An id is
never repaired: two ids with different halves would become one.
"""

import re
from collections.abc import Callable
from typing import TypeVar

import msgspec

#: What decoding JSON may raise.
UNDECODABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
REPLACEMENT = "\ufffd"
#: Why a post whose id would have to be mended is none.
HALF_IN_ID = "half of a surrogate pair in the id: repaired, it could be the id of another post"

# Every other escape is consumed whole, so that the backslash of `\\ud83d` (an escaped backslash before
# "ud83d") is never taken for the start of one.
_SURROGATE_ESCAPE = re.compile(
    rb"\\(?:u[Dd][89ABab][0-9A-Fa-f]{2}\\u[Dd][C-Fc-f][0-9A-Fa-f]{2}"  # a pair: fine
    rb"|(u[Dd][89A-Fa-f][0-9A-Fa-f]{2})"  # half of one
    rb"|.)",
    re.DOTALL,
)
_Value = TypeVar("_Value")


def repair_surrogates(json: bytes) -> bytes:
    r"""Return `json` with every escaped half of a surrogate pair replaced by `\ufffd`."""
    return _SURROGATE_ESCAPE.sub(lambda found: b"\\ufffd" if found[1] else found[0], json)


def decode_mended(decode: Callable[[bytes], _Value], data: bytes) -> tuple[_Value, bool]:
    """Return what `decode` makes of `data`, mended if it cannot be read otherwise; and whether it was.

    If the repaired value cannot be decoded either, this raises what `decode` raises.
    """
    try:
        return decode(data), False
    except UNDECODABLE:
        # Only what failed is worth the search for halves of surrogates.
        mended = repair_surrogates(data)
        if mended == data:
            raise
    return decode(mended), True
