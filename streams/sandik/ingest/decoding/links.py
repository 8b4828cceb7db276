"""Links in a text: one shown without `https://` gets its whole address, so that its words are not counted.

Programs show `aa.com.tr/tr/secim-2023/iddia…` for a link and keep the address elsewhere. The author did not
write those words, but without the address they look like text. Words that an author put over a link stay.
"""

from collections.abc import Iterable

#: Where a link begins and ends in the text, and its address.
Span = tuple[int, int, str]
_BEGINNINGS = ("https://", "http://", "www.")
_CUT = "….\u2009 "


def with_whole_links(text: str, spans: Iterable[Span]) -> str:
    """Return the text with every link that it shows bare or shortened replaced by its address."""
    pieces: list[str] = []
    done = 0
    for start, end, address in sorted(spans):
        if not done <= start < end <= len(text) or not shows(text[start:end], address):
            continue
        pieces += [text[done:start], address if "://" in address else f"https://{address}"]
        done = end
    return "".join([*pieces, text[done:]]) if pieces else text


def shows(shown: str, address: str) -> bool:
    """Tell whether what is shown is the beginning of the address, and not words written over it."""
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
    """Yield spans that count characters, of such that count bytes of UTF-8; none that cuts a character."""
    data = text.encode("utf-8", "surrogatepass")
    for start, end, address in spans:
        if 0 <= start < end <= len(data):
            try:
                before = data[:start].decode("utf-8", "surrogatepass")
                shown = data[start:end].decode("utf-8", "surrogatepass")
            except UnicodeDecodeError:
                continue
            yield len(before), len(before) + len(shown), address
