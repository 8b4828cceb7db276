"""Reddit's Markdown -> the text that a reader sees.

Only markup that hides or splits words is removed: links keep their shown text; marks around words and at the
beginning of lines go. Entities (`&amp;`, `&#x200B;`) are decoded twice, because the API escapes `&` once
more.
"""

import re
from html import unescape

_IMAGE = re.compile(r"!\[([^\]\n]{0,300})\]\([^()\s]{1,2000}(?:\s[^()\n]{0,300})?\)")
_LINK = re.compile(
    r"\[([^\[\]\n]{1,1000})\]\((?:[^()\s]|\([^()\s]{0,300}\)){1,2000}(?:\s+\"[^\"\n]{0,300}\")?\)"
)
_LINE_MARK = re.compile(r"^[ ]{0,3}(?:>!?[ ]?|#{1,6}[ ]+)+", re.MULTILINE)
_RULE = re.compile(r"^[ ]{0,3}(?:[-*_][ ]?){3,80}$|^[|:\- ]{3,300}$", re.MULTILINE)
# Marks are not matched in pairs, which would take quadratic time.
_MARK = re.compile(
    r"(https?://[^\s<>\")\]]+)|\*{2,3}|__|~~"
    r"|(?<![\w*])\*(?=[^\s*])|(?<=[^\s*])\*(?![\w*])|(?<!\w)_(?=[^\s_])|(?<=[^\s_])_(?!\w)"
)
_CODE = re.compile(r"`{1,3}([^`\n]{1,2000})`{1,3}|^```\w{0,20}$", re.MULTILINE)
_RAISED = re.compile(r"\^\(([^()\n]{1,300})\)|\^(?=\S)")
_SPOILER = re.compile(r">!|!<")
_ESCAPE = re.compile(r"\\([\\`*_{}\[\]()#+\-.!~^<>|])")
#: Placeholders for escaped characters while marks are removed.
_KEPT = {character: chr(0xE000 + place) for place, character in enumerate("\\`*_{}[]()#+-.!~^<>|")}
_BACK = {ord(kept): character for character, kept in _KEPT.items()}
_INVISIBLE = re.compile("[\u200b\u2060\ufeff]")


def markdown_to_text(written: str) -> str:
    """Return the text of a post or a comment."""
    text = _INVISIBLE.sub("", unescape(unescape(written)))
    if not any(mark in text for mark in "[*_~`^>#|\\"):
        return text.strip()
    text = _ESCAPE.sub(lambda found: _KEPT[found[1]], text)
    text = _LINK.sub(r"\1", _IMAGE.sub(r"\1", text))
    text = _CODE.sub(lambda found: found[1] or "", _RULE.sub("", _LINE_MARK.sub("", text)))
    text = _MARK.sub(lambda found: found[1] or "", text)
    text = _RAISED.sub(lambda found: found[1] or "", _SPOILER.sub("", text))
    return text.translate(_BACK).strip()
