"""A format as a file of data: how it is recognised, and where in it a post's fields are. docs/ingest.md.

The files beside this one tell every format, also those that need code (`reader`); a user's own file is read
in the same way (`--format FILE.toml`).
"""

import re
from collections.abc import Sequence
from functools import cached_property, lru_cache
from importlib import resources
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec

from sandik.errors import UsageError
from sandik.ingest.items import SkipReason

Paths = str | list[str]


class Rule(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """What must hold for an object, a table or a file to be of a format; all of it."""

    #: Paths that lead to something.
    keys: tuple[str, ...] = ()
    #: Paths of which one leads to something.
    any_key: tuple[str, ...] = ()
    #: Paths that lead to nothing.
    absent: tuple[str, ...] = ()
    #: Path -> patterns (`at://*`; `^[0-9]+$` is a regular expression), of which what is there matches one.
    values: dict[str, Paths] = {}
    #: Path -> patterns, of which nothing that is there matches one.
    lacks: dict[str, Paths] = {}
    #: Columns that the header of a table has.
    columns: tuple[str, ...] = ()
    #: Columns of which the header has one.
    any_column: tuple[str, ...] = ()
    #: What the file begins with, in lower case.
    begins: tuple[str, ...] = ()
    #: What the first 4 KiB contain, in lower case.
    contains: tuple[str, ...] = ()
    #: Patterns of the file's name, without folder and the endings of compression.
    names: tuple[str, ...] = ()
    #: What an X archive calls it: `window.YTD.<this>.part0 =`.
    assigned: tuple[str, ...] = ()


class Skip(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Records that are valid but no posts: those for which `when` holds."""

    reason: SkipReason
    when: Rule
    detail: str = ""


class Fields(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Where a post's fields are: a path or a column, or several, of which the first that is there counts.

    `{a}:{b}` puts several together, if all are there. The text is the title, the text and the choices of a
    poll, as far as there are any.
    """

    time: Paths
    text: Paths = ()  # type: ignore[assignment]
    id: Paths = ()  # type: ignore[assignment]
    title: Paths = ()  # type: ignore[assignment]
    poll: Paths = ()  # type: ignore[assignment]
    author: Paths = ()  # type: ignore[assignment]
    language: Paths = ()  # type: ignore[assignment]
    url: Paths = ()  # type: ignore[assignment]
    hashtags: Paths = ()  # type: ignore[assignment]
    repost_of: Paths = ()  # type: ignore[assignment]
    reply_to: Paths = ()  # type: ignore[assignment]
    #: The hour, where a column of its own has it.
    time_of_day: Paths = ()  # type: ignore[assignment]
    #: Says yes or no where the source does not say of which post.
    is_repost: Paths = ()  # type: ignore[assignment]
    #: Whose post was repeated, where the source says no more.
    repost_user: Paths = ()  # type: ignore[assignment]
    source: Paths = ()  # type: ignore[assignment]
    #: The channel, feed or forum of the source.
    source_detail: Paths = ()  # type: ignore[assignment]
    op: Paths = ()  # type: ignore[assignment]


class Format(msgspec.Struct, forbid_unknown_fields=True, frozen=True, dict=True):
    """One format. `container`: JSON in any layout, or a table: CSV, TSV, Excel, Parquet."""

    name: str
    title: str
    recognise: tuple[Rule, ...] = ()
    container: Literal["json", "table", "both", "other"] = "json"
    #: The code that reads it, where data does not suffice.
    reader: str | None = None
    #: Where in an object the records are, first that is there; default: it is one itself.
    records: Paths = ()  # type: ignore[assignment]
    fields: Fields | None = None
    #: What stands before the ids. Default: --source, or the file's name.
    source: str | None = None
    #: How times are written, as for strptime. Default: ISO 8601, Unix in any unit, as mails and X write it.
    time_format: str | None = None
    #: The zone of times that name none.
    zone: str | None = None
    markup: Literal["plain", "html", "entities"] = "plain"
    #: The part of an id that counts, as a regular expression with one group.
    id_pattern: str | None = None
    skip: tuple[Skip, ...] = ()
    #: For the list in docs/ingest.md, where fields do not say it.
    id_note: str = ""
    time_note: str = ""
    text_note: str = ""
    note: str = ""
    #: Where its shape is described.
    facts: str = ""

    @cached_property
    def tzinfo(self) -> ZoneInfo | None:
        """The zone of times that name none."""
        return None if self.zone is None else ZoneInfo(self.zone)


def each_of(paths: Paths) -> Sequence[str]:
    """Return one path or several as several."""
    return (paths,) if isinstance(paths, str) else paths


def bare(name: str) -> str:
    """Return a column's name as it is compared: the case, spaces, `_` and `-` do not count, dots do."""
    return re.sub(r"[\s_\-\ufeff]+", "", name.lower())


def load(path: Path) -> Format:
    """Return the format that a user's file tells.

    Raises:
        UsageError: it cannot be read, or is no format.
    """
    try:
        return parsed(path.read_bytes(), str(path))
    except OSError as error:
        raise UsageError(f"--format {path}: {error.strerror}") from error


def parsed(data: bytes, name: str) -> Format:
    """Return the format told by TOML. UsageError names the place that is wrong."""
    try:
        found = msgspec.toml.decode(data, type=Format)
        if found.reader is None and found.fields is None:
            raise ValueError("[fields] is missing: it says where text and time are")  # noqa: TRY301
        if found.fields is not None and not (found.fields.text or found.fields.title):
            raise ValueError("[fields] needs text")  # noqa: TRY301
        if found.id_pattern is not None and re.compile(found.id_pattern).groups != 1:
            raise ValueError("id_pattern needs one group")  # noqa: TRY301
        _ = found.tzinfo
    except (ValueError, re.error, OSError, LookupError) as error:
        raise UsageError(f"--format {name}: {error}") from error
    return found


@lru_cache(maxsize=1)
def catalogue() -> dict[str, Format]:
    """Return the formats that come with sandik, by name, in the order of their names."""
    files = sorted(
        (file for file in resources.files(__package__).iterdir() if file.name.endswith(".toml")),
        key=lambda file: file.name,
    )
    found = [parsed(file.read_bytes(), file.name) for file in files]
    return {one.name: one for one in found}
