"""Messages that a Jetstream has compressed: zstd, by a dictionary that lies beside the server's code."""

import sys
from pathlib import Path

from sandik.errors import UsageError
from sandik.ingest.decoding.frames import MAX_EVENT_BYTES

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd


class BrokenFrameError(Exception):
    """A message cannot be decompressed."""


class Unzstd:
    """Decompresses one message at a time."""

    def __init__(self, dictionary: bytes) -> None:
        self._dictionary = zstd.ZstdDict(dictionary)

    def __call__(self, message: bytes) -> str:
        """Return the text of a message.

        Raises:
            BrokenFrameError: it is not zstd, by this dictionary, or larger than any post is.
        """
        unpacker = zstd.ZstdDecompressor(zstd_dict=self._dictionary)
        try:
            text = unpacker.decompress(message, max_length=MAX_EVENT_BYTES)
        except zstd.ZstdError as error:
            raise BrokenFrameError(str(error)) from error
        if not unpacker.eof:
            raise BrokenFrameError(f"truncated, or more than {MAX_EVENT_BYTES} bytes")
        return text.decode("utf-8", "replace")


def load_unzstd(path: Path | None) -> Unzstd | None:
    """Return what decompresses by the dictionary in this file, None without one.

    Raises:
        UsageError: the file cannot be read, or is no dictionary.
    """
    try:
        return None if path is None else Unzstd(path.read_bytes())
    except (OSError, ValueError, zstd.ZstdError) as error:
        raise UsageError(
            f"--zstd-dictionary {path}: {error}. Give the file pkg/models/zstd_dictionary of the Jetstream "
            "that the server runs, or leave it out"
        ) from error
