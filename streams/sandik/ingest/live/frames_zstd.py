"""Messages compressed by a Jetstream: zstd, with a dictionary from the server's repository."""

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
            BrokenFrameError: it is not zstd with this dictionary, or too large.
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
    """Return the decompressor with the dictionary in this file, None without a file.

    Raises:
        UsageError: the file cannot be read, or is not a dictionary.
    """
    try:
        return None if path is None else Unzstd(path.read_bytes())
    except (OSError, ValueError, zstd.ZstdError) as error:
        raise UsageError(
            f"--zstd-dictionary {path}: {error}. Pass the file pkg/models/zstd_dictionary of the Jetstream "
            "version that the server runs, or omit the option"
        ) from error
