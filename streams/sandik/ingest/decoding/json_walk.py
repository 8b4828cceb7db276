"""A JSON document of any size, read from front to back with one value in memory.

The caller decides what to enter (`each_key`, `each_item`) and what to read whole (`value`).
"""

import codecs
import json
import re
from collections.abc import Iterator

from sandik.ingest.decoding.json_values import TooLongError
from sandik.ingest.decoding.text import repair_hex_escapes
from sandik.ingest.decoding.unpack import Readable

#: The longest value that is read whole.
MAX_VALUE_CHARACTERS = 16 << 20

_BLOCK_BYTES = 1 << 18
_SPACE = re.compile(r"[ \t\r\n\ufeff]*")
# Possibly the beginning of an escape that continues in the next block.
_CUT_ESCAPE = re.compile(rb"\\+.{0,2}\Z", re.DOTALL)
_decode = json.JSONDecoder(strict=False).raw_decode


class BrokenJsonError(ValueError):
    """The document breaks off or is not valid JSON from here on."""


class Walk:
    r"""A position in a document. The escape `\xNN`, which JSON does not have, is read as `\u00NN`."""

    def __init__(self, source: Readable) -> None:
        self._source = source
        # Bytes that are not UTF-8 are kept: only the value with them is rejected.
        self._decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        self._held = b""
        self._text = ""
        self._at = 0
        self._is_over = False

    def peek(self) -> str:
        """Return the next character that is not whitespace; empty at the end."""
        while True:
            found = _SPACE.match(self._text, self._at)
            self._at = found.end() if found else self._at
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._more():
                return ""

    def take(self, expected: str) -> None:
        """Skip one character.

        Raises:
            BrokenJsonError: it is another one.
        """
        found = self.peek()
        if found != expected:
            raise BrokenJsonError(f"{expected!r} expected, not {found!r}" if found else "it is cut off")
        self._at += 1

    def end(self) -> None:
        """Raise BrokenJsonError if anything follows."""
        if self.peek():
            raise BrokenJsonError("something follows the end")

    def value(self) -> bytes:
        """Return the whole value that begins here, and skip it.

        Raises:
            BrokenJsonError: it is cut off or invalid.
            TooLongError: it is longer than MAX_VALUE_CHARACTERS.
        """
        self.peek()
        while True:
            try:
                _, end = _decode(self._text, self._at)
            except json.JSONDecodeError as error:
                is_cut = error.msg.startswith("Unterminated") or error.pos >= len(self._text) - 16
                if not (is_cut and self._grow()):
                    raise BrokenJsonError("it is cut off" if is_cut else str(error.msg)) from error
            except RecursionError as error:
                raise BrokenJsonError("nested too deep") from error
            else:
                # A number at the end of the block may continue in the next.
                if end < len(self._text) or not self._grow():
                    found, self._at = self._text[self._at : end], end
                    return found.encode("utf-8", "surrogateescape")

    def each_key(self) -> Iterator[str]:
        """Yield the keys of the object here. The value of each must be consumed before the next."""
        self.take("{")
        if self.peek() == "}":
            self.take("}")
            return
        while True:
            if self.peek() != '"':
                raise BrokenJsonError("a key is expected")
            key = json.loads(self.value(), strict=False)
            self.take(":")
            yield key
            if self.peek() == "}":
                self.take("}")
                return
            self.take(",")

    def each_item(self) -> Iterator[None]:
        """Stop at each element of the list here. Each must be consumed before the next."""
        self.take("[")
        if self.peek() == "]":
            self.take("]")
            return
        while True:
            yield
            if self.peek() == "]":
                self.take("]")
                return
            self.take(",")

    def _grow(self) -> bool:
        """Read until twice as much is held, so that a long value is not scanned too often."""
        wanted = 2 * (len(self._text) - self._at)
        if wanted > 2 * MAX_VALUE_CHARACTERS:
            raise TooLongError(f"one value is longer than {MAX_VALUE_CHARACTERS >> 20} Mi characters")
        has_grown = False
        while len(self._text) - self._at < max(wanted, 1) and self._more():
            has_grown = True
        return has_grown

    def _more(self) -> bool:
        if self._is_over:
            return False
        block = self._source.read1(_BLOCK_BYTES)
        self._is_over = not block
        data = self._held + block
        cut = None if self._is_over else _CUT_ESCAPE.search(data, max(0, len(data) - _BLOCK_BYTES))
        self._held = b"" if cut is None else data[cut.start() :]
        data = data if cut is None else data[: cut.start()]
        self._text = self._text[self._at :] + self._decoder.decode(
            repair_hex_escapes(data), final=self._is_over
        )
        self._at = 0
        return True
