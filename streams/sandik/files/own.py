"""Files that only we write: who owns them, and how they are opened.

A symbolic link in their place is an error, and nothing is written through it.
"""

import errno
import os
import stat
from pathlib import Path
from typing import IO, Any

from sandik.errors import BrokerError

ROOT = 0


def open_own(path: Path, mode: str, **how: Any) -> IO[Any]:
    """Open as `open` does, but never through a symbolic link.

    Raises:
        BrokerError: `path` is a symbolic link.
        OSError: as `open` does.
    """
    try:
        return open(path, mode, opener=_opener, **how)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise BrokerError(
                f"{path} is a symbolic link, so data would be written elsewhere: remove the link"
            ) from error
        raise


def is_ours(found: os.stat_result) -> bool:
    """Return whether this user or root owns a file or folder."""
    user = os.geteuid() if hasattr(os, "geteuid") else ROOT
    return found.st_uid in {ROOT, user}


def check_owner(folder: Path) -> None:
    """Check that nobody but the user and root can put files into `folder`.

    Groups are not looked at: on many systems a user's own group may write by default.

    Raises:
        BrokerError: somebody else owns it, or everybody may write to it.
        OSError: there is no such folder.
    """
    found = folder.stat()
    if not is_ours(found):
        raise BrokerError(
            f"{folder} belongs to another user (uid {found.st_uid}), who could change what runs"
        )
    if found.st_mode & stat.S_IWOTH:
        raise BrokerError(f"everyone can write to {folder} and change what runs: chmod o-w {folder}")


def _opener(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW, 0o666)
