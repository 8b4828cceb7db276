"""Where files are kept that can be fetched or made again."""

import os
from pathlib import Path


def cache_dir() -> Path:
    """Return $SANDIK_CACHE_DIR, else ~/.cache/sandik. RuntimeError if this user has no home."""
    return Path(os.environ.get("SANDIK_CACHE_DIR") or Path.home() / ".cache" / "sandik").absolute()
