"""Which format a source is read in: by `--format`, or by its beginning."""

from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from sandik.errors import UsageError
from sandik.ingest.formats import FORMATS, by_paths
from sandik.ingest.formats.declared import load
from sandik.ingest.formats.table import TableOptions
from sandik.ingest.recognise.detect import cannot_tell, recognise
from sandik.ingest.recognise.samples import Sample, sample


class Told(NamedTuple):
    """The format of a source (None if unknown), how to read it, and what it was recognised by."""

    format: str | None
    options: TableOptions
    why: str = ""


def format_named(name: str | None, options: TableOptions) -> Told:
    """Return the format named by `--format`: one of FORMATS, or a file that describes one.

    Raises:
        UsageError: there is none.
    """
    if name is not None and name.endswith(".toml"):
        form = load(Path(name))
        return Told(form.name, replace(options, declared=form), f"--format {name}")
    if name is not None and name not in FORMATS:
        raise UsageError(
            f"there is no format {name!r}; choose one of {', '.join(FORMATS)}, or describe one in a file "
            "whose name ends in .toml"
        )
    if name == "jsonl" and options.columns:
        return _by_paths(options)
    return Told(name, options, "" if name is None else f"--format {name}")


def format_or_error(shown: str, head: bytes, options: TableOptions) -> Told:
    """Return the format of a source that begins with `head`.

    Raises:
        UsageError: nobody can tell it; the message says which formats come near, and what to do.
    """
    if not head.strip():
        return Told("jsonl", options, "there is nothing in it")
    found = sample(shown, head)
    told = _told(found, options)
    if told.format is None:
        raise UsageError(cannot_tell(shown, found))
    return told


def format_of(name: str, head: bytes, options: TableOptions) -> Told:
    """Return the format, None if it is unknown."""
    return _told(sample(name, head), options)


def _told(found: Sample, options: TableOptions) -> Told:
    if options.columns and found.is_json:
        return _by_paths(options)
    verdict = recognise(found)
    return Told(verdict.name or None, options, ", ".join(verdict.holding))


def _by_paths(options: TableOptions) -> Told:
    form = by_paths(options.columns)
    return Told(form.name, replace(options, declared=form), "--columns")
