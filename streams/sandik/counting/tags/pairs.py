"""The pairs of a lexicon, from its `tags.toml`: which tags make `both`, and of which tag it is a share.

    [[pair]]
    name = "both"
    of = ["election", "deepfake"]
    base = "election"

The last layer with such a file decides. Without one, it is the default pair if the lexicon has its tags, else
`both` of the lexicon's tags if there are two. The file may also have openings: `post_openings.py`.
"""

import tomllib
from collections.abc import Iterable, Sequence
from importlib.resources.abc import Traversable
from typing import NamedTuple

import msgspec

from sandik.counting.tags.entries import Place, Problem
from sandik.counting.tags.layers import BUILT_IN, Layer
from sandik.counting.tags.post_openings import Opening, Openings, read_openings
from sandik_schemas.pair import DEFAULT_PAIR, Pair

FILE = "tags.toml"

#: Names that are reserved in counts. A pair may have the name of the default one.
RESERVED = frozenset({"all", "repost"})


class _File(msgspec.Struct, forbid_unknown_fields=True):
    pair: tuple[Pair, ...] = ()
    opening: tuple[Opening, ...] = ()


class Found(NamedTuple):
    """The pairs of a lexicon, and their mistakes."""

    pairs: tuple[Pair, ...]
    problems: list[Problem]


def openings_of(layers: Sequence[Layer], tags: Sequence[str]) -> Openings:
    """Return the openings of a lexicon whose terms have these tags."""
    return read_openings([(file, _read(file)[0].opening) for file in _files(layers)], tags)


def read_pairs(layers: Sequence[Layer], tags: Sequence[str]) -> Found:
    """Return the pairs of a lexicon whose terms have these tags."""
    if written := _files(layers):
        file, problems = _read(written[-1])
        problems += _wrong(written[-1], file.pair, tags)
        return Found(file.pair, problems)
    if missing := [tag for tag in DEFAULT_PAIR.of if tag not in tags]:
        pairs = (Pair(DEFAULT_PAIR.name, tuple(tags), tags[0]),) if len(tags) == 2 else ()
        if len(missing) < len(DEFAULT_PAIR.of):
            return Found((), [Problem(Place(layers[-1].folder, 0), _dropped(missing, layers))])
        return Found(pairs, [])
    return Found((DEFAULT_PAIR,), [])


def _files(layers: Sequence[Layer]) -> list[Traversable]:
    return [layer.folder / FILE for layer in layers if (layer.folder / FILE).is_file()]


def _read(file: Traversable) -> tuple[_File, list[Problem]]:
    try:
        found = msgspec.convert(tomllib.loads(file.read_bytes().decode("utf-8-sig")), _File)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        message = f"no pairs of tags: {error}; write [[pair]] with `name`, `of` and `base`"
        return _File(), [Problem(Place(file, 0), message)]
    return found, []


def _wrong(file: Traversable, pairs: Sequence[Pair], tags: Sequence[str]) -> Iterable[Problem]:
    names = [pair.name for pair in pairs]
    for pair in pairs:
        said = f"the pair '{pair.name}'"
        if not _is_name(pair.name) or pair.name in (*RESERVED, *tags) or names.count(pair.name) > 1:
            yield Problem(Place(file, 0), f"{said} cannot have this name: choose another one")
        if len(set(pair.of)) != len(pair.of) or len(pair.of) < 2:
            yield Problem(Place(file, 0), f"{said} needs two or more different tags in `of`")
        elif pair.base not in pair.of:
            yield Problem(
                Place(file, 0), f"{said}: `base` is '{pair.base}'; it can be {' or '.join(pair.of)}"
            )
        if missing := [tag for tag in pair.of if tag not in tags]:
            message = (
                f"{said} is of {' and '.join(missing)}, of which the lexicon has no term: add a layer that "
                "has, or leave the pair out"
            )
            yield Problem(Place(file, 0), message)


def _dropped(missing: Sequence[str], layers: Sequence[Layer]) -> str:
    names = ",".join(layer.name for layer in layers)
    return (
        f"it has no term of {' or '.join(missing)}, so there would be no counts of it, nor of "
        f"{DEFAULT_PAIR.name}. To keep the built-in terms, write {BUILT_IN},{names}; if this is intended, "
        f"add a file {FILE} without a pair (it can be empty)"
    )


def _is_name(name: str) -> bool:
    return bool(name) and not any(char.isspace() or char in "|,." for char in name)
