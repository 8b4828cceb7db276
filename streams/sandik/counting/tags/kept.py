"""Ready lexicons in files, one for each lexicon and version of the code, as Python keeps what it compiles.

A file is used only if its name is the hash of everything that it is made from, and its content has the hash
that it begins with. So one that is old, cut short or of another machine is made again. Where nothing can be
written, nothing is kept. See docs/decisions/060-lexicons-kept-ready.md.
"""

import hashlib
import os
import stat
import sys
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import suppress
from importlib.resources.abc import Traversable
from pathlib import Path
from types import ModuleType
from typing import TypeVar

import msgspec

from sandik.counting.native import NATIVE
from sandik.counting.tags.layers import Layer
from sandik.counting.tags.native_tagger import NativeReady
from sandik.counting.tags.ready import Ready
from sandik.errors import SandikError
from sandik.files.atomic import new_file
from sandik.files.cache_dir import cache_dir
from sandik.files.own import is_ours
from sandik_schemas import pair

R = TypeVar("R", Ready, NativeReady)

#: Each version of the code and of a lexicon has a file of its own. Those that were used last stay.
MOST_FILES = 10
#: A smaller lexicon is made as fast as it is read.
LEAST_BYTES = 500_000
_HASH_BYTES = hashlib.sha256().digest_size


def file_of(layers: tuple[Layer, ...], native: ModuleType | None) -> Path | None:
    """Return where a lexicon is kept: the name is the hash of all that it is made from.

    `native`: the compiled part, if it is for that. None if there is no place, or one that others can write
    to, or if a file cannot be read.
    """
    try:
        folder = cache_dir() / "lexicons"
        if folder.exists() and not _is_own(folder.stat()):
            return None
        code = [_PYTHON_CODE, _COMPILED_CODE] if native else [_PYTHON_CODE]
        if not all(code):
            return None
        parts = [*code, *(_contents(one.name, _files(one.folder)) for one in layers)]
        return folder / f"lexicon-{hashlib.sha256(b''.join(parts)).hexdigest()[:32]}.ready"
    except (OSError, RuntimeError):
        return None


def _contents(name: str, files: Iterable[Traversable]) -> bytes:
    """Return the hash of what files are named and have in them."""
    found = hashlib.sha256(repr(name).encode())
    for file in files:
        content = file.read_bytes()
        found.update(f" {file.name} {len(content)} ".encode() + content)
    return found.digest()


def _code(name: str, files: Iterable[Path]) -> bytes:
    """Return the hash of code; nothing if it cannot be read."""
    try:
        return _contents(name, files)
    except OSError:
        return b""


#: The hashes of the code that makes lexicons ready, as this process has loaded it: an upgrade may replace the
#: files while it runs.
_PYTHON_CODE = _code(
    f"{sys.implementation.cache_tag} {sys.byteorder} {unicodedata.unidata_version}",
    [Path(str(pair.__file__)), *sorted(Path(__file__).parent.glob("*.py"))],
)
_COMPILED_CODE = _code("native", [Path(str(NATIVE.__file__))] if NATIVE else [])


def _is_own(found: os.stat_result) -> bool:
    """Return whether only this user and root can write to it: what is kept decides what is counted."""
    return is_ours(found) and not found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def _files(folder: Traversable) -> Iterator[Traversable]:
    for child in sorted(folder.iterdir(), key=lambda child: child.name):
        if child.name.endswith(".toml"):
            yield child
        elif child.name == "forms":
            yield from sorted(child.iterdir(), key=lambda child: child.name)


def read(file: Path, kind: type[R]) -> R | None:
    """Return what a file holds; None if it is not there, not whole, or not our own."""
    try:
        with file.open("rb") as stream:
            if not _is_own(os.fstat(stream.fileno())):
                return None
            content = stream.read()
    except OSError:
        return None
    with suppress(OSError):
        os.utime(file)  # it is in use
    whole = memoryview(content)
    if hashlib.sha256(whole[_HASH_BYTES:]).digest() != whole[:_HASH_BYTES]:
        return None
    with suppress(msgspec.DecodeError):  # whole, but foreign
        return msgspec.msgpack.decode(whole[_HASH_BYTES:], type=kind)
    return None


def keep(file: Path, ready: Ready | NativeReady) -> None:
    """Write a file, whole or not at all, and delete the oldest. Do nothing where nothing can be written."""
    content = msgspec.msgpack.encode(ready)
    if len(content) < LEAST_BYTES:
        return
    with suppress(OSError, SandikError):
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with new_file(file, replaces=True, mode=0o600) as new:
            new.write_bytes(hashlib.sha256(content).digest() + content)
        _delete_oldest(file.parent)


def _delete_oldest(folder: Path) -> None:
    found = [*folder.glob("lexicon-*.ready"), *folder.glob(".lexicon-*.new")]  # a killed process leaves these
    for file in sorted(found, key=lambda file: file.stat().st_mtime_ns)[:-MOST_FILES]:
        file.unlink(missing_ok=True)
