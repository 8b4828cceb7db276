"""Texts in CSV: what a spreadsheet would run as a formula gets an apostrophe in front. Pure; can be undone.

A spreadsheet takes a cell for a formula by its first character, and may skip blanks before it. It may also
end a cell elsewhere than we do: with Turkish or Russian settings Excel splits at `;`, and our quotes mean
nothing to it then. So the beginning of a text is guarded, and what follows a `;`, a tab or a line break.
"""

import re

# By code points, so that what looks like a blank, or like nothing, can be read here.
_BLANKS = (
    r"[\x00-\x08\x0b\x0c\x0e-\x20\x7f-\xa0\xad\u061c\u1680\u180e"
    r"\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff]*"
)
#: `=`, `+`, `-`, `@`, and their full-width and small forms.
_STARTS = r"[=+\-@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b]"
_RUN = rf"'*{_BLANKS}{_STARTS}"


def _where(guard: str) -> re.Pattern[str]:
    """Return what finds the guard where one belongs."""
    return re.compile(rf"\A{guard}(?={_RUN}|'*[\t\r\n])|(?<=[;\t\r\n]){guard}(?={_RUN})")


_breaks = re.compile(r"[;\t\r\n]")
_bare, _guard = _where(""), _where("'")


def guarded(text: str) -> str:
    """Return the text with an apostrophe wherever a spreadsheet could begin a formula."""
    if _breaks.search(text) or _bare.match(text):  # few are, and to look for all places takes longer
        return _bare.sub("'", text)
    return text


def unguarded(text: str) -> str:
    """Return the text of which `guarded` has made this one."""
    return _guard.sub("", text)
