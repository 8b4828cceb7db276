"""What commands print on stdout for programs, and how they end when nobody reads it any more."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec


def print_json(value: object) -> None:
    """Print one line of JSON."""
    sys.stdout.buffer.write(msgspec.json.encode(value) + b"\n")


@contextmanager
def while_read() -> Iterator[None]:
    """Leave the block if the reader of stdout ends, as `head` does."""
    try:
        yield
    except BrokenPipeError:
        sys.stdout = None  # Python would fail again when it flushes at exit
