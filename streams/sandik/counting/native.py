"""The compiled part, if it was built: by `make native`, or for a wheel made beside Rust.

Decision 041 says why there is one. Each function has a twin in Python with the same results, which runs where
the compiled part is missing.
"""

import os
from importlib import import_module
from types import ModuleType


def _loaded() -> ModuleType | None:
    if os.environ.get("SANDIK_TEST_NATIVE") == "no":
        return None
    try:
        return import_module("sandik._native")
    except ImportError:
        return None


#: The compiled module; None without it, or with SANDIK_TEST_NATIVE=no.
NATIVE = _loaded()
