"""The compiled part, if it was built: by `make native`, or for a wheel made beside Rust.

Decision 041 says why there is one. Each function has a twin in Python with the same results, which runs where
the compiled part is missing.
"""

import os
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType

STALE = "The compiled part is older than native/src: Python counts in its place. Run: make native"

_SOURCES = Path(__file__).parents[3] / "native" / "src"


def _loaded() -> ModuleType | None:
    if os.environ.get("SANDIK_TEST_NATIVE") == "no":
        return None
    try:
        module = import_module("sandik._native")
    except ImportError:
        return None
    if is_stale(Path(str(module.__file__)), _SOURCES):
        sys.stderr.write(STALE + "\n")
        return None
    return module


def is_stale(module: Path, sources: Path) -> bool:
    """Return whether a clone's sources are newer than the compiled part, which may have older rules.

    Beside an installed wheel there are no sources, so nothing is stale.
    """
    built = module.stat().st_mtime_ns
    return any(source.stat().st_mtime_ns > built for source in sources.glob("*.rs"))


#: The compiled module; None without it, if it is stale, or with SANDIK_TEST_NATIVE=no.
NATIVE = _loaded()
