"""Which format a source is read in: as the command says it, or as its beginning tells."""

from dataclasses import replace
from pathlib import Path

from streams.errors import UsageError

from .detect import cannot_tell, recognise
from .formats import FORMATS, by_paths
from .formats.declared import load
from .formats.table import TableOptions
from .samples import Sample, sample


def format_named(name: str | None, options: TableOptions) -> tuple[str | None, TableOptions]:
    """Return the format that `--format` names, one of FORMATS or a file that tells one.

    Raises:
        UsageError: there is none.
    """
    if name is not None and name.endswith(".toml"):
        form = load(Path(name))
        return form.name, replace(options, declared=form)
    if name is not None and name not in FORMATS:
        raise UsageError(
            f"there is no format {name!r}; choose one of {', '.join(FORMATS)}, or tell one in a file that ends "
            "in .toml"
        )
    if name == "jsonl" and options.columns:
        return _by_paths(options)
    return name, options


def format_or_error(shown: str, head: bytes, options: TableOptions) -> tuple[str, TableOptions]:
    """Return the format of a source that begins with `head`.

    Raises:
        UsageError: nobody can tell it; the message says which formats come near, and what to do.
    """
    if not head.strip():
        return "jsonl", options  # nothing in it, in any format
    found = sample(shown, head)
    name, options = _told(found, options)
    if name is None:
        raise UsageError(cannot_tell(shown, found))
    return name, options


def format_of(name: str, head: bytes, options: TableOptions) -> tuple[str | None, TableOptions]:
    """Return the format, None if nobody can tell it."""
    return _told(sample(name, head), options)


def _told(found: Sample, options: TableOptions) -> tuple[str | None, TableOptions]:
    if options.columns and found.is_json:
        return _by_paths(options)
    return recognise(found).name or None, options


def _by_paths(options: TableOptions) -> tuple[str, TableOptions]:
    form = by_paths(options.columns)
    return form.name, replace(options, declared=form)
