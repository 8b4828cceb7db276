"""JSON files that one command writes for another, with a schema version."""

from pathlib import Path
from typing import Protocol, TypeVar

import msgspec

from sandik.counting.surrogates import UNDECODABLE
from sandik.errors import UsageError


class Versioned(Protocol):
    """The contents of such a file."""

    @property
    def schema_version(self) -> int: ...  # noqa: D102


_Kind = TypeVar("_Kind", bound=Versioned)


def read_json(path: Path, kind: type[_Kind], version: int, wrote: str) -> _Kind:
    """Return the contents of the file. `wrote`: the command that writes such files.

    Raises:
        UsageError: the file does not exist, or is of another kind.
    """
    try:
        found = msgspec.json.decode(path.read_bytes(), type=kind)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error
    except UNDECODABLE as error:
        raise UsageError(f"{path} is not what {wrote} writes ({error}): name that file") from error
    if found.schema_version != version:
        raise UsageError(f"{path} was written by another version of {wrote}: run that again")
    return found
