"""A stream of JSON in any layout -> (where, object), with one object in memory."""

import io
from collections.abc import Iterator
from typing import Any

from sandik.ingest.decoding.frames import BYTE_ORDER_MARK, json_objects, lines, without_assignment
from sandik.ingest.decoding.json_values import ELEMENT
from sandik.ingest.decoding.json_walk import BrokenJsonError, Walk
from sandik.ingest.decoding.unpack import begins

_HEAD_BYTES = 1 << 14


def objects(stream: "io.BufferedReader[Any]") -> Iterator[tuple[str, bytes]]:
    """Yield (where, JSON object) for each object, and for each element of an array.

    Raises:
        EOFError: an array is truncated, or continues with invalid JSON.
        TooLongError: a line or an object is too long.
    """
    head = begins(stream, _HEAD_BYTES)
    array = without_assignment(head.removeprefix(BYTE_ORDER_MARK)).lstrip()
    if len(head) == _HEAD_BYTES and b"\n" not in head and array.startswith(b"["):
        # One line, which may be as long as the file.
        stream.read(len(head) - len(array))
        return _elements(stream)
    return json_objects(lines(stream))


def _elements(stream: "io.BufferedReader[Any]") -> Iterator[tuple[str, bytes]]:
    walk = Walk(stream)
    try:
        for number, _ in enumerate(walk.each_item(), start=1):
            yield f"document{ELEMENT}{number}", walk.value()
        walk.end()
    except BrokenJsonError as error:
        raise EOFError(str(error)) from error
