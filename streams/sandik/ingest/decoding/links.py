"""Links in a text: a link shown without `https://` is replaced by its address, so its words are not counted.

Programs show `aa.com.tr/tr/secim-2023/iddia…` for a link and keep the address elsewhere. The author did not
write those words, but without the scheme they look like text. Words that an author put over a link stay.
"""

from collections.abc import Iterable

#: Start and end of a link in the text, and its address.
Span = tuple[int, int, str]
_BEGINNINGS = ("https://", "http://", "www.")
_CUT = "….\u2009 "


def with_whole_links(text: str, spans: Iterable[Span]) -> str:
    """Return the text with each bare or shortened link replaced by its address."""
    pieces: list[str] = []
    done = 0
    for start, end, address in sorted(spans):
        if not done <= start < end <= len(text) or not shows(text[start:end], address):
            continue
        pieces += [text[done:start], address if "://" in address else f"https://{address}"]
        done = end
    return "".join([*pieces, text[done:]]) if pieces else text


def shows(shown: str, address: str) -> bool:
    """Return whether the shown text is the beginning of the address, not words over a link."""
    if shown.startswith(_BEGINNINGS) or any(character.isspace() for character in shown.strip(_CUT)):
        return False
    beginning = _bare(shown.strip(_CUT))
    whole = _bare(address)
    return "." in beginning and (whole.startswith(beginning) or _host(beginning) == _host(whole))


def _bare(address: str) -> str:
    bare = address.casefold()
    for beginning in _BEGINNINGS:
        bare = bare.removeprefix(beginning)
    return bare.rstrip("/")


def _host(bare: str) -> str:
    return bare.partition("/")[0].partition("?")[0]


def byte_spans(text: str, spans: Iterable[Span]) -> Iterable[Span]:
    """Convert spans of UTF-8 bytes to spans of characters; drop those that cut a character."""
    data = text.encode("utf-8", "surrogatepass")
    for start, end, address in spans:
        if 0 <= start < end <= len(data):
            try:
                before = data[:start].decode("utf-8", "surrogatepass")
                shown = data[start:end].decode("utf-8", "surrogatepass")
            except UnicodeDecodeError:
                continue
            yield len(before), len(before) + len(shown), address
