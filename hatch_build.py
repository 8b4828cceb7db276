"""Builds the compiled part (native/): for a clone by `make native`, for a wheel beside Rust.

Without Rust, or where it cannot be built, the wheel has Python alone and counts the same, in more time.
$SANDIK_NATIVE: `no` leaves it out, `yes` fails where it cannot be built, `built` takes what was built before,
if there is something. Otherwise it is tried for wheels, and left out of editable installs, such as that of
`make init`.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

MODULE = "streams/sandik/_native.pyd" if os.name == "nt" else "streams/sandik/_native.abi3.so"
WITHOUT = "sandik counts in Python alone: terms take more than twice the time"


class NativeCode(BuildHookInterface[Any]):
    """Adds the module to a wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build it, and say of the wheel that it is for this machine."""
        choice = os.environ.get("SANDIK_NATIVE", "no" if version == "editable" else "auto")
        module = Path(self.root, MODULE)
        if choice == "no":
            return
        if problem := missing(module) if choice == "built" else build(Path(self.root)):
            if choice == "yes":
                raise RuntimeError(problem)
            self.app.display_warning(f"{problem}; {WITHOUT}")
            return
        if version != "editable":
            build_data["pure_python"] = False
            build_data["tag"] = f"cp311-abi3-{sysconfig.get_platform().replace('-', '_').replace('.', '_')}"
            build_data["force_include"][str(module)] = MODULE.removeprefix("streams/")


def missing(module: Path) -> str:
    """Return what to say if the module is not there, or nothing."""
    return "" if module.is_file() else "nothing was built before"


def build(root: Path) -> str:
    """Build the module to where `sandik` finds it. Return what is in the way, or nothing."""
    cargo = shutil.which("cargo")
    if cargo is None:
        return "there is no Rust (https://rustup.rs)"
    if not (root / "native").is_dir():
        return "its sources (native/) are not here"
    target = root / "build" / "native"
    command = [cargo, "build", "--release", "--locked", "--quiet", "--target-dir", str(target)]
    environment = {"PYO3_PYTHON": sys.executable} | os.environ
    built = subprocess.run(  # noqa: S603 - our own command
        command, cwd=root / "native", env=environment, capture_output=True, text=True, check=False
    )
    if built.returncode:
        last = built.stderr.strip().splitlines()[-1:] or ["it said nothing"]
        return f"cargo could not build native/: {last[0]}"
    names = ("lib_native.so", "lib_native.dylib", "_native.dll")
    library = next(path for name in names if (path := target / "release" / name).exists())
    module = root / MODULE
    shutil.copyfile(library, module.with_suffix(".new"))  # a process may run the one that is there
    module.with_suffix(".new").replace(module)
    return ""


if __name__ == "__main__":
    problem = build(Path(__file__).parent)
    print(f"{problem}; {WITHOUT}" if problem else "sandik counts with its compiled part")  # noqa: T201
    sys.exit(bool(problem))
