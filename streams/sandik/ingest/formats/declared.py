"""A format as a TOML file: how it is recognised, and where a post's fields are. For users: docs/ingest.md.

The files beside this module describe every format, also those that need code (`reader`). A user's own file is
read in the same way (`--format FILE.toml`).
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
    """The conditions for an object, a table or a file to be of a format. All must hold."""

    #: Paths that must all exist.
    keys: tuple[str, ...] = ()
    #: Paths of which at least one must exist.
    any_key: tuple[str, ...] = ()
    #: Paths that must not exist.
    absent: tuple[str, ...] = ()
    #: Path -> patterns (`at://*`; `^[0-9]+$` is a regular expression). A value there must match one.
    values: dict[str, Paths] = {}
    #: Path -> patterns. No value there may match one.
    lacks: dict[str, Paths] = {}
    #: Columns that a table's header must have.
    columns: tuple[str, ...] = ()
    #: Columns of which the header must have at least one.
    any_column: tuple[str, ...] = ()
    #: Possible beginnings of the file, in lower case.
    begins: tuple[str, ...] = ()
    #: Texts that the first 4 KiB must contain, in lower case.
    contains: tuple[str, ...] = ()
    #: Patterns of the file's name, without folder and compression endings.
    names: tuple[str, ...] = ()
    #: Its name in an X archive: `window.YTD.<this>.part0 =`.
    assigned: tuple[str, ...] = ()


class Skip(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Records that are valid but not posts: those for which `when` holds."""

    reason: SkipReason
    when: Rule
    detail: str = ""


class Fields(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Where a post's fields are: a path or a column, or several, of which the first that exists is used.

    `{a}:{b}` joins several, if all exist. The text of a post is title, text and poll options, if present.
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
    #: The time of day, if it has its own column.
    time_of_day: Paths = ()  # type: ignore[assignment]
    #: Whether it is a repost, if the source does not say of which post.
    is_repost: Paths = ()  # type: ignore[assignment]
    #: The author of the reposted post, if the source gives no id.
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
    #: The reader, for formats that need code.
    reader: str | None = None
    #: Where the records are in an object: the first path that exists. Default: the object is the record.
    records: Paths = ()  # type: ignore[assignment]
    fields: Fields | None = None
    #: The prefix of ids. Default: --source, or the file's name.
    source: str | None = None
    #: The format of times, as for strptime. Default: ISO 8601, Unix time in any unit, or as in mails and X.
    time_format: str | None = None
    #: The zone of times without one.
    zone: str | None = None
    markup: Literal["plain", "html", "entities"] = "plain"
    #: The significant part of an id: a regular expression with one group.
    id_pattern: str | None = None
    skip: tuple[Skip, ...] = ()
    #: Notes for the list in docs/ingest.md.
    id_note: str = ""
    time_note: str = ""
    text_note: str = ""
    note: str = ""
    #: A link to the format's documentation.
    facts: str = ""

    @cached_property
    def tzinfo(self) -> ZoneInfo | None:
        """The zone of times without one."""
        return None if self.zone is None else ZoneInfo(self.zone)


def each_of(paths: Paths) -> Sequence[str]:
    """Return the paths as a sequence."""
    return (paths,) if isinstance(paths, str) else paths


def bare(name: str) -> str:
    """Return a column's name for comparison: without case, spaces, `_` and `-`. Dots count."""
    return re.sub(r"[\s_\-\ufeff]+", "", name.lower())


def load(path: Path) -> Format:
    """Return the format in a user's file.

    Raises:
        UsageError: it cannot be read, or is not a format.
    """
    try:
        return parsed(path.read_bytes(), str(path))
    except OSError as error:
        raise UsageError(f"--format {path}: {error.strerror}") from error


def parsed(data: bytes, name: str) -> Format:
    """Return the format in TOML text. UsageError names the wrong place."""
    try:
        found = msgspec.toml.decode(data, type=Format)
        if found.reader is None and found.fields is None:
            raise ValueError("[fields] is missing: add it, with the paths of text and time")  # noqa: TRY301
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
    """Return the formats that come with sandik, sorted by name."""
    files = sorted(
        (file for file in resources.files(__package__).iterdir() if file.name.endswith(".toml")),
        key=lambda file: file.name,
    )
    found = [parsed(file.read_bytes(), file.name) for file in files]
    return {one.name: one for one in found}
