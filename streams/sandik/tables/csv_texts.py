"""Texts in CSV: an apostrophe before anything that a spreadsheet would run as a formula. Pure, reversible.

A spreadsheet recognises a formula by its first character, possibly after blanks. It may also split cells
differently: with Turkish or Russian settings, Excel splits at `;` and ignores our quotes. So the beginning of
a text is guarded, and the text after a `;`, a tab or a line break.
"""

import re

# By code points, because these characters are invisible.
_BLANKS = (
    r"[\x00-\x08\x0b\x0c\x0e-\x20\x7f-\xa0\xad\u061c\u1680\u180e"
    r"\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff]*"
)
#: `=`, `+`, `-`, `@`, and their full-width and small forms.
_STARTS = r"[=+\-@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b]"
_RUN = rf"'*{_BLANKS}{_STARTS}"


def _where(guard: str) -> re.Pattern[str]:
    """Return the pattern of the positions for a guard."""
    return re.compile(rf"\A{guard}(?={_RUN}|'*[\t\r\n])|(?<=[;\t\r\n]){guard}(?={_RUN})")


_breaks = re.compile(r"[;\t\r\n]")
_bare, _guard = _where(""), _where("'")


def guarded(text: str) -> str:
    """Return the text with an apostrophe wherever a spreadsheet could see a formula."""
    if _breaks.search(text) or _bare.match(text):  # few match, and searching all positions takes longer
        return _bare.sub("'", text)
    return text


def unguarded(text: str) -> str:
    """Return the original of a text from `guarded`."""
    return _guard.sub("", text)
