"""What commands print on stdout for programs, and how they end when nobody reads it any more."""

import sys

import msgspec


def print_json(value: object) -> None:
    """Print one line of JSON."""
    sys.stdout.buffer.write(msgspec.json.encode(value) + b"\n")


class WhileRead:
    """Leaves its block without an error if the reader of stdout ends, as `head` does."""

    def __enter__(self) -> None: ...

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> bool:
        is_over = kind is not None and issubclass(kind, BrokenPipeError)
        if is_over:
            sys.stdout = None  # Python would fail again when it flushes at exit
        return is_over
