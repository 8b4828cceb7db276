"""JSON over many lines -> its values, one at a time in memory: pretty-printed, concatenated, or in an array.

A line never ends inside a string, so lines can be processed one by one.
"""

import re
from collections.abc import Iterable, Iterator

_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[{}\[\]]')
_OPENING, _CLOSING = (b"{", b"["), (b"}", b"]")
#: The text before an element's number in `where`.
ELEMENT = ", element "
_BETWEEN = b" \t\r\n,\x1e"


class TooLongError(ValueError):
    """A line, an event or a value is longer than any source makes them."""


def values(lines: Iterable[bytes], max_bytes: int) -> Iterator[tuple[str, bytes]]:
    """Yield (where, value) for each value, and for each element of a top-level array.

    Invalid JSON and truncated values are returned unchanged; the decoder rejects them.

    Raises:
        TooLongError: one is longer than `max_bytes`.
    """
    splitter = _Splitter(max_bytes)
    for line in lines:
        yield from splitter.take(line)
    yield from splitter.rest()


class _Splitter:
    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._pieces: list[bytes] = []
        self._held = 0
        self._depth = 0
        self._is_in_array = False
        self._documents = 0
        self._elements = 0

    def take(self, line: bytes) -> Iterator[tuple[str, bytes]]:
        start = 0
        for token in _TOKEN.finditer(line):
            mark = token[0]
            if mark in _OPENING:
                if self._depth == 0:
                    yield from self._between(line[start : token.start()])
                    start = token.start()
                    if mark == b"[" and not self._is_in_array:
                        self._is_in_array, self._elements = True, 0
                        self._documents += 1
                        start = token.end()
                        continue
                self._depth += 1
            elif mark in _CLOSING:
                if self._depth == 0:
                    yield from self._between(line[start : token.start()])
                    if not self._is_in_array:
                        yield self._where(), mark
                    self._is_in_array = False
                    start = token.end()
                    continue
                self._depth -= 1
                if self._depth == 0:
                    self._hold(line[start : token.end()])
                    yield self._value()
                    start = token.end()
        if self._depth == 0:
            yield from self._between(line[start:])
        else:
            self._hold(line[start:] + b"\n")

    def rest(self) -> Iterator[tuple[str, bytes]]:
        if self._pieces:
            yield self._value()

    def _hold(self, piece: bytes) -> None:
        self._pieces.append(piece)
        self._held += len(piece)
        if self._held > self._max_bytes:
            raise TooLongError(f"one JSON object is larger than {self._max_bytes >> 20} MiB")

    def _value(self) -> tuple[str, bytes]:
        data = b"".join(self._pieces)
        self._pieces, self._held = [], 0
        return self._where(), data

    def _between(self, piece: bytes) -> Iterator[tuple[str, bytes]]:
        if bare := piece.strip(_BETWEEN):
            yield self._where(), bare

    def _where(self) -> str:
        if self._is_in_array:
            self._elements += 1
            return f"{self._named()}{ELEMENT}{self._elements}"
        self._documents += 1
        return self._named()

    def _named(self) -> str:
        return "document" if self._documents == 1 else f"document {self._documents}"
