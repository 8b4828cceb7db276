"""Read the files of a layer: rows, word sets, removals. `lexicon` makes entries of them."""

from collections.abc import Iterable, Iterator
from importlib.resources.abc import Traversable
from typing import NamedTuple

from sandik.counting.tags.entries import LocatedRow, Place, Problem, Removal, Row, read_rows
from sandik.counting.tags.entry_queries import expand
from sandik.counting.tags.layers import Layer, LexiconError
from sandik.counting.tags.models import SUFFIX as MODEL_SUFFIX
from sandik.counting.tags.models import Model, read_models
from sandik.counting.tags.pairs import FILE as PAIRS_FILE
from sandik.counting.tags.pairs import RESERVED
from sandik.counting.tags.word_sets import LocatedSet, read_sets
from sandik_schemas.pair import DEFAULT_PAIR


class TagFile(NamedTuple):
    """The rows of one TOML file."""

    term: tuple[Row, ...]
    trap: tuple[Row, ...] = ()


class LayerRows(NamedTuple):
    """The contents of one layer: its rows, and its removals from earlier layers, by tag."""

    layer: Layer
    rows: dict[str, list[LocatedRow]]
    removals: dict[str, list[tuple[Place, Removal]]]
    sets: dict[LocatedSet, tuple[str, ...]]  # with the forms of each
    models: list[Model]


def read_layer(layer: Layer, problems: list[Problem]) -> LayerRows:
    """Return the contents of a layer's files; add mistakes to `problems`."""
    models, wrong = read_models(layer)
    problems.extend(wrong)
    read = LayerRows(layer, {}, {}, {}, models)
    for tag, files in tag_files(layer.folder).items():
        if tag in (*RESERVED, DEFAULT_PAIR.name):
            message = f"a tag cannot have the name {tag}: counts use it; rename the file"
            problems.append(Problem(Place(files[0], 0), message))
        for file in files:
            rows, removals, wrong = read_rows(file)
            read.rows.setdefault(tag, []).extend(rows)
            read.removals.setdefault(tag, []).extend(removals)
            problems.extend(wrong)
            _read_sets(tag, file, read, problems)
    return read


def _read_sets(tag: str, file: Traversable, read: LayerRows, problems: list[Problem]) -> None:
    sets, wrong = read_sets(file)
    problems.extend(wrong)
    folder = read.layer.folder
    for one in sets:
        if not one.row.inflects:
            patterns = (*one.row.lemmas, *one.row.forms)
            try:
                read.sets[one] = tuple(form for pattern in patterns for form in expand(pattern))
            except LexiconError as error:
                problems.append(Problem(one.place, f"{one}: {error}"))
            continue
        generated = read_forms(folder, tag, one.row.language)
        read.sets[one] = tuple(generated.get(one.row.key, ()))
        if one.row.key not in generated:
            message = f"{one}: no forms of it yet; run python -m sandik.lexicon_tools.generate {folder}"
            problems.append(Problem(one.place, message))


def tag_files(folder: Traversable) -> dict[str, list[Traversable]]:
    """Return the TOML files of each tag: `<tag>.toml` and `<tag>.<anything>.toml`, by name.

    `tags.toml` is not a tag: it defines the pairs. Nor are models (`models.py`).
    """
    files: dict[str, list[Traversable]] = {}
    for child in sorted(folder.iterdir(), key=lambda child: child.name):
        if _has_rows(child):
            files.setdefault(child.name.split(".")[0], []).append(child)
    return files


def _has_rows(file: Traversable) -> bool:
    is_other = file.name == PAIRS_FILE or file.name.endswith(MODEL_SUFFIX)
    return file.name.endswith(".toml") and not is_other


def read_tag_file(file: Traversable) -> TagFile:
    """Return the rows of one TOML file; `tags.toml` and models have none. Raises LexiconError."""
    if not _has_rows(file):
        return TagFile(())
    rows, _, problems = read_rows(file)
    if problems or (problems := list(twice(rows))):
        raise LexiconError(str(problems[0]))
    return TagFile(
        tuple(row.row for row in rows if not row.is_trap), tuple(row.row for row in rows if row.is_trap)
    )


def read_forms(folder: Traversable, tag: str, language: str) -> dict[str, list[str]]:
    """Return lemma -> generated forms. In the file, the forms follow their lemma, indented, one per line."""
    forms: dict[str, list[str]] = {}
    file = folder / "forms" / f"{tag}.{language}.txt"
    if not file.is_file():
        return forms
    under: list[str] = []
    for line in file.read_text("utf-8").splitlines():
        if line.startswith("  "):
            under.append(line.strip())
        elif line and not line.startswith("#"):
            under = forms.setdefault(line.strip(), [])
    return forms


def twice(rows: Iterable[LocatedRow]) -> Iterator[Problem]:
    """Yield the rows with the same language, lemma and days as another row."""
    first: dict[tuple[str, str, str], LocatedRow] = {}
    for row in rows:
        other = first.setdefault((row.row.language, row.row.lemma, row.row.valid), row)
        if other is not row:
            where = f"{other.place.file.name}:{other.place.line}"
            yield Problem(row.place, f"{row} is there twice, first in {where}; merge the two entries")
