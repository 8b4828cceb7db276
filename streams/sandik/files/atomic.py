"""Files that exist completely or not at all. A file is written beside its place until it is complete.

If a command fails or is stopped (including KeyboardInterrupt), the incomplete file is removed. Only a killed
process leaves `.NAME.*.new` behind; nothing reads those files.
"""

import hashlib
import os
import secrets
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sandik.errors import SandikError, UsageError


def check_free(paths: Iterable[Path], *, replaces: bool) -> None:
    """Raise UsageError if a path exists; with `replaces`, only if it is not a file."""
    there = [path for path in paths if os.path.lexists(path)]
    if there and not replaces:
        raise UsageError(f"{', '.join(map(str, there))} already exists: choose another name, or add --force")
    if others := [path for path in there if not path.is_file()]:
        raise UsageError(f"{others[0]} is not a file, so --force does not replace it: choose another name")


@contextmanager
def new_file(path: Path, *, replaces: bool = False, mode: int = 0o666) -> Iterator[Path]:
    """Lend an empty file that takes the place of `path` when the body has ended without an error.

    `mode`: who may do what with it, less what the umask takes away.

    Raises:
        UsageError: `path` is taken, see `check_free`; also when that has happened in the meantime.
        SandikError: the disk is full or not writable.
    """
    check_free([path], replaces=replaces)
    new = _beside(path)
    try:
        with _written(path):
            new.touch(mode, exist_ok=False)
            yield new
            place(new, path, replaces=replaces)
    finally:
        with suppress(OSError):  # mostly because it has taken its place
            new.unlink()


def write_whole(path: Path, content: bytes) -> None:
    """Replace a small file. After a crash at any moment, it has this content or the previous one.

    Raises:
        SandikError: the disk is full or not writable.
    """
    with new_file(path, replaces=True) as new, new.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def new_folder(path: Path, *, replaces: bool = False) -> Iterator[Path]:
    """Lend an empty folder that replaces `path` at the end. `replaces`: an existing folder is deleted."""
    new, old = _beside(path), _beside(path)
    try:
        with _written(path):
            new.mkdir()
            yield new
            if replaces and path.is_dir() and not path.is_symlink():
                path.rename(old)
            check_free([path], replaces=False)
            new.rename(path)
    finally:
        if old.exists() and not path.exists():
            old.rename(path)
        for left in (new, old):
            shutil.rmtree(left, ignore_errors=True)


def file_sha256(path: Path) -> str:
    """Return the hash of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def place(new: Path, path: Path, *, replaces: bool) -> None:
    """Move a file to its place. Without `replaces`, UsageError if the place is taken."""
    if replaces:
        new.replace(path)
        return
    try:
        os.link(new, path, follow_symlinks=False)  # fails if it exists; a rename would replace it
    except FileExistsError:
        check_free([path], replaces=False)
    except OSError:  # a file system without hard links
        check_free([path], replaces=False)
        new.rename(path)
    new.unlink(missing_ok=True)


@contextmanager
def _written(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise SandikError(f"{path} was not written: {error}. Fix this, or choose another place") from error


def _beside(path: Path) -> Path:
    # A new name each time, so that two commands that write the same file do not interfere.
    return path.with_name(f".{path.name}.{secrets.token_hex(4)}.new")
