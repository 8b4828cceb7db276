"""The beginning of a source -> what identifies its format: objects, a table's header, first bytes."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from sandik.ingest.decoding.frames import BYTE_ORDER_MARK
from sandik.ingest.decoding.text import repair_hex_escapes
from sandik.ingest.recognise.table_start import possible_headers

#: How many objects are inspected: the first lines may be broken, or notices of the source.
MAX_SAMPLES = 50
_COMPRESSION_ENDINGS = frozenset({".gz", ".zst", ".zstd", ".bz2", ".xz", ".zip"})
_ASSIGNMENT = re.compile(rb"\s*(?:window\.YTD|Grailbird\.data)\.(\w+?)(?:\.part\d+)?\s*=\s*")
_JSON_ENDINGS = (".jsonl", ".ndjson", ".json")
_FIRST_OBJECT = re.compile(rb"^\s*[{\[]", re.MULTILINE)
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],]')
_UTF_16 = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
_CLOSERS = {"{": "}", "[": "]"}
_decoder = json.JSONDecoder()


@dataclass(frozen=True)
class Sample:
    """The contents of the beginning of a source. `name` has no folder and no compression endings."""

    name: str
    begins: bytes
    head: bytes
    values: Sequence[object] = ()
    #: The lines that may be the header of a table.
    headers: Sequence[tuple[str, ...]] = ()
    #: Its name in an X archive: `tweets` of `window.YTD.tweets.part0 =`.
    assigned: str | None = None

    @property
    def is_json(self) -> bool:
        """Return whether it can only be JSON."""
        return self.begins[:1] in (b"{", b"[")


def sample(name: str, head: bytes) -> Sample:
    """Return the sample of a name and the first bytes."""
    head = _as_utf_8(head).removeprefix(BYTE_ORDER_MARK)
    assigned = _ASSIGNMENT.match(head)
    text = head[assigned.end() if assigned else 0 :].lstrip()
    bare = _bare_name(name)
    if bare.endswith(_JSON_ENDINGS) and (first := _FIRST_OBJECT.search(text)):
        text = text[first.start() :].lstrip()  # behind lines that are broken
    begins = text[:64].lower()
    if begins[:1] in (b"{", b"["):
        values = tuple(_values(repair_hex_escapes(text).decode("utf-8", "replace")))
        return Sample(bare, begins, head, values, (), assigned[1].decode() if assigned else None)
    is_text = b"\0" not in text[:1024] and begins[:1] != b"<"
    headers = possible_headers(text.decode("utf-8", "replace")) if text and is_text else ()
    return Sample(bare, begins, head, (), headers)


def _as_utf_8(head: bytes) -> bytes:
    encoding = _UTF_16.get(head[:2])
    return head[2:].decode(encoding, "replace").encode() if encoding else head


def _bare_name(name: str) -> str:
    path = PurePath(name.lower())
    while path.suffix in _COMPRESSION_ENDINGS:
        path = path.with_suffix("")
    return path.name


def _values(text: str) -> Iterator[object]:
    """Yield the first objects of JSON in any layout, possibly cut off; elements of lists."""
    at = 0
    seen = 0
    while seen < MAX_SAMPLES and (at := _next(text, at)) < len(text):
        try:
            value, at = _decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            value = _completed(text[at:])
            line_end = text.find("\n", at)
            at = len(text) if value is not None or line_end < 0 else line_end + 1
        if value is not None:
            seen += 1
            yield from value[:MAX_SAMPLES] if isinstance(value, list) else (value,)


def _next(text: str, at: int) -> int:
    while at < len(text) and (text[at].isspace() or text[at] == "\x1e"):  # RFC 7464 has it before each object
        at += 1
    return at


def _completed(text: str) -> object:
    """Return the complete parts of a cut-off JSON value; None if it is not JSON."""
    opened: list[str] = []
    cut, closers = 0, ""
    for token in _TOKEN.finditer(text):
        mark = token[0]
        if mark in _CLOSERS:
            opened.append(_CLOSERS[mark])
        elif mark in ("}", "]"):
            if not opened or opened.pop() != mark:
                return None
            cut, closers = token.end(), "".join(reversed(opened))
        elif mark == "," and opened:
            cut, closers = token.start(), "".join(reversed(opened))
        if not opened and mark in ("}", "]"):
            break
    try:
        return _decoder.raw_decode(text[:cut] + closers)[0] if cut else None
    except (ValueError, RecursionError):
        return None
