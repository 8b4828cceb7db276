"""The version of sandik before this one: the last tag, or SANDIK_TEST_UPGRADE_FROM, or else BEFORE.

Both versions count by the lexicon of the one before: other words would be another run, which no rolling
restart leads to.
"""

import io
import os
import subprocess
import tarfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BEFORE = "78774d3"


def unpack_before(folder: Path) -> Path:
    """Write its files into the folder, and return that."""
    tag = _git("describe", "--tags", "--abbrev=0").stdout.decode().strip()
    version = os.environ.get("SANDIK_TEST_UPGRADE_FROM") or tag or BEFORE
    packed = _git("archive", version)
    if packed.returncode:
        pytest.skip(f"the version before, {version}, is not in this clone: git fetch --unshallow")
    with tarfile.open(fileobj=io.BytesIO(packed.stdout)) as files:
        files.extractall(folder, filter="data")
    return folder


def lexicon_of(root: Path) -> Path:
    """Return the folder of its lexicon."""
    return root / "streams/sandik/lexicon"


def _git(*words: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["git", "-C", str(ROOT), *words], capture_output=True, check=False)  # noqa: S607
