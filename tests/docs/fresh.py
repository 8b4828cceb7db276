"""An environment with nothing but an installed sandik and chosen extras: no tests, no tools."""

import os
import re
import subprocess
import sys
import venv
import zipfile
from collections.abc import Iterable, Iterator
from configparser import ConfigParser
from importlib.metadata import Distribution, distribution
from pathlib import Path
from typing import Literal

from packaging.requirements import Requirement

#: As pip writes it. Processes that a command spawns import it again, so it must not run then.
ENTRY = """\
#!{python}
import sys
from {module} import {name}
if __name__ == "__main__":
    sys.exit({name}())
"""


def fresh_venv(into: Path, wheel: Path, extras: Iterable[str] = ()) -> Path:
    """Make a venv with the wheel and links to what it requires; return its folder of programs."""
    venv.create(into, with_pip=False)
    [site] = into.glob("lib/python*/site-packages")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    for one in _required("sandik", frozenset(extras), {}):
        _link(one, site)
    scripts = ConfigParser()
    [entry_points] = site.glob("sandik-*.dist-info/entry_points.txt")
    scripts.read_string(entry_points.read_text())
    for script, target in scripts["console_scripts"].items():
        module, name = target.split(":")
        path = into / "bin" / script
        path.write_text(ENTRY.format(python=into / "bin" / "python", module=module, name=name))
        path.chmod(0o755)
    return into / "bin"


def built_wheel(source: Path, into: Path, native: Literal["yes", "no"] = "no") -> Path:
    """Build the wheel as pip does, and return its path. Compiling takes long, and puts the module in `source`."""
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(into)]
    environment = {**os.environ, "SANDIK_NATIVE": native}
    subprocess.run(command, cwd=source, env=environment, check=True, capture_output=True)
    return next(into.glob("*.whl"))


def _required(name: str, extras: frozenset[str], seen: dict[str, frozenset[str]]) -> Iterator[Distribution]:
    """Yield what is required by it, directly or not, each once."""
    for line in distribution(name).requires or ():
        requirement = Requirement(line)
        key = re.sub(r"[-_.]+", "-", requirement.name).lower()
        marker, wanted = requirement.marker, frozenset(requirement.extras)
        if marker and not any(marker.evaluate({"extra": extra}) for extra in extras or ("",)):
            continue
        known = seen.get(key)
        if known is not None and wanted <= known:
            continue
        seen[key] = wanted | (known or frozenset())
        if known is None:
            yield distribution(requirement.name)
        yield from _required(requirement.name, wanted, seen)


def _link(one: Distribution, site: Path) -> None:
    for file in one.files or ():
        if ".." not in file.parts:
            target = site / file
            target.parent.mkdir(parents=True, exist_ok=True)
            if not target.exists():
                target.symlink_to(Path(str(one.locate_file(file))))
