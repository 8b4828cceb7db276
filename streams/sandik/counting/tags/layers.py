"""The layers of a lexicon: `builtin,events/turkey-2023,/my/own` are three folders, read in this order.

The value stays text until a folder is needed, so that settings, manifests and messages have the same text.
"""

from collections.abc import Callable
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import NamedTuple

from sandik.errors import SandikError

#: The layer that ships with sandik, and the folder of its event packs.
BUILT_IN = "builtin"
EVENTS = "events/"

#: A lexicon as in settings: layers separated by commas; None is the built-in one.
LexiconChoice = str | Path | None


class LexiconError(SandikError):
    """A lexicon cannot be read. The message names the file, the line and what to do."""


class Layer(NamedTuple):
    """One folder of a lexicon, and its name."""

    name: str
    folder: Traversable


def layer_names(written: LexiconChoice) -> tuple[str, ...]:
    """Return the layers in order. Raises LexiconError if one is empty or occurs twice."""
    text = str(written) if written is not None else BUILT_IN
    if "," not in text or Path(text).is_dir():
        return (text.strip() or BUILT_IN,)
    names = tuple(name.strip() for name in text.split(","))
    if not all(names):
        raise LexiconError(f"{text}: a layer without a name; write one comma between two layers")
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise LexiconError(f"{text}: {twice} is named twice; remove one")
    return names


def read_layers(written: LexiconChoice) -> tuple[Layer, ...]:
    """Return the layers with their folders. Raises LexiconError if one is not a lexicon folder."""
    return tuple(Layer(name, _folder(name)) for name in layer_names(written))


def is_shipped(name: str) -> bool:
    """Return whether a layer ships with sandik. `./builtin` and `./events/x` are the user's own folders."""
    return name == BUILT_IN or (name.startswith(EVENTS) and name.removeprefix(EVENTS) in packs())


def packs() -> tuple[str, ...]:
    """Return the names of the event packs."""
    events = _built_in() / "events"
    if not events.is_dir():
        return ()
    return tuple(sorted(child.name for child in events.iterdir() if child.is_dir() and _has_files(child)))


def renamed(written: LexiconChoice, named: Callable[[str], str]) -> str:
    """Return the layers with `named` applied to every path."""

    def one(name: str) -> str:
        new = name if is_shipped(name) else named(name)
        return f"./{new}" if is_shipped(new) and not is_shipped(name) else new

    return ",".join(map(one, layer_names(written)))


def resolved(written: LexiconChoice) -> str | None:
    """Return the layers with absolute paths."""
    return None if written is None else renamed(written, lambda name: str(Path(name).resolve()))


def _built_in() -> Traversable:
    return resources.files("sandik.lexicon")


def _has_files(folder: Traversable) -> bool:
    return any(child.name.endswith(".toml") for child in folder.iterdir())


def _folder(name: str) -> Traversable:
    if is_shipped(name):
        return _built_in() if name == BUILT_IN else _built_in() / name
    folder = Path(name)
    if not folder.is_dir():
        raise LexiconError(
            f"{name}: no such folder; a layer of a lexicon is a folder with one <tag>.toml per tag, "
            f"{BUILT_IN}, or an event pack: {', '.join(EVENTS + pack for pack in packs()) or 'there is none'}"
        )
    if not _has_files(folder):
        raise LexiconError(f"{name}: no <tag>.toml in it; write one file per tag, such as election.toml")
    return folder
