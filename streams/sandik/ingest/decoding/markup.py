"""HTML -> the text a reader sees."""

import re
from collections import Counter
from html import escape, unescape

from selectolax.lexbor import LexborHTMLParser

from sandik.ingest.decoding.links import shows

# Inserted before parsing: finding them in the tree takes ten times as long.
_LINE_END = re.compile(r"<br\b[^>]*>|<hr\b[^>]*>|</(?:li|tr|dt|dd)\s*>", re.IGNORECASE)
_BLOCK_END = re.compile(r"</(?:p|div|ul|ol|blockquote|pre|h[1-6]|table|section|article)\s*>", re.IGNORECASE)
_UNSEEN = re.compile(r"<(script|style|template)\b", re.IGNORECASE)
_SPACES = re.compile(r"[ \t\r\f\v]+")
_AROUND_BREAKS = re.compile(r" ?\n ?")
_BREAKS = re.compile(r"\n{3,}")


# Only applied up to the last >. Otherwise each < would be searched to the end.
_TAG = re.compile(r"<(/?)([A-Za-z][^\s/>]*)([^>]*)>")
_ANY_TAG = re.compile(r"<[!/?A-Za-z][^>]*>")
# Neither part may contain <, so nothing is scanned twice.
_LINK = re.compile(r"<a\s([^<>]{1,4000})>([^<>]{1,1000})</a\s*>", re.IGNORECASE)
_HREF = re.compile(r"""\bhref\s*=\s*(?:"([^"]*)"|'([^']*)')""", re.IGNORECASE)
_QUOTED = re.compile(r'"[^"]*"|\'[^\']*\'')
_HAVE_NO_END = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "wbr"})

#: The parser takes time quadratic in the nesting depth and in the attributes of a tag. No author comes near
#: these limits. Beyond them, tags are removed without parsing.
_MAX_DEPTH = 1_000
_MAX_ATTRIBUTES_CHARACTERS = 10_000


#: No post has longer HTML, and a tree takes many times its size in memory.
_MAX_PARSED_CHARACTERS = 2_000_000


def html_to_text(html: str) -> str:
    """Return the text of an HTML fragment, with decoded entities and line breaks as in a browser.

    A shortened link becomes its full address: Mastodon has the hidden parts as text; otherwise `href` is
    used.
    """
    if "<" not in html:
        return unescape(html).strip()
    flat = html.replace("\n", " ")
    if "<a" in flat or "<A" in flat:
        flat = _LINK.sub(_whole_link, flat)
    end = flat.rfind(">") + 1
    marked = _BLOCK_END.sub(lambda end: end[0] + "\n\n", _LINE_END.sub("\n", flat[:end])) + flat[end:]
    is_cut = len(flat) > _MAX_PARSED_CHARACTERS or _is_tangled(flat[:end])
    text = unescape(_ANY_TAG.sub("", marked)) if is_cut else _parsed(marked)
    text = _AROUND_BREAKS.sub("\n", _SPACES.sub(" ", text))
    return _BREAKS.sub("\n\n", text).strip()


def _whole_link(link: re.Match[str]) -> str:
    """Return the address of a link that shows it bare or shortened; other links unchanged."""
    address = _HREF.search(link[1])
    found = unescape(address[1] or address[2] or "") if address else ""
    return f" {escape(found)} " if found and shows(unescape(link[2]).strip(), found) else link[0]


def _parsed(html: str) -> str:
    body = LexborHTMLParser(html).body
    if body is None:
        return ""
    if _UNSEEN.search(html):
        for node in body.css("script, style, template"):
            node.decompose()
    return body.text()


def _is_tangled(html: str) -> bool:
    if html.count("<") <= _MAX_DEPTH and len(html) <= _MAX_ATTRIBUTES_CHARACTERS:
        return False
    depth = 0
    opened: Counter[str] = Counter()
    for tag in _TAG.finditer(html):
        closes, name, attributes = tag[1], tag[2].lower(), tag[3]
        if not closes and name not in _HAVE_NO_END:
            opened[name] += 1
            depth += 1
        elif opened[name]:
            opened[name] -= 1
            depth -= 1
        if depth > _MAX_DEPTH:
            return True
        # An attribute may contain a whole image, but then it is quoted.
        is_long = len(attributes) > _MAX_ATTRIBUTES_CHARACTERS
        if is_long and len(_QUOTED.sub("", attributes)) > _MAX_ATTRIBUTES_CHARACTERS:
            return True
    return False
