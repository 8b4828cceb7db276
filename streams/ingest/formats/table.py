"""Rows of a table -> posts: which column is what, and what its values mean. CSV, TSV and Parquet share it.

A column is what its name says (`tweet_id`, `publish_date`, `content`); `--columns` says it where the name
does not. The id of a row is its own, or else its number with a hash of its content, so that it stays the same
for the same file and another file cannot pass off another row under it.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from email.utils import parsedate_to_datetime
from hashlib import blake2b

from schemas.post import Post
from streams.errors import UsageError
from streams.ingest.items import Item, Rejected, RejectReason, quote
from streams.ingest.shape import hashtags
from streams.ingest.text import as_ingested
from streams.ingest.times import X_V1_FORMAT, formatted_ms, iso_ms, number_ms, to_ms

from .declared import Format
from .languages import language_code

#: Column names, in lower case and without separators; the first that is there counts.
_NAMES: Mapping[str, tuple[str, ...]] = {
    "id": ("id", "idstr", "postid", "tweetid", "statusid", "messageid", "commentid", "uri", "guid"),
    "time": (
        "createdatms", "timestamputc", "createdat", "createdutc", "publishdate", "publishedat", "published",
        "postedat", "datetime", "date", "timestamp", "time",
    ),
    "text": ("text", "fulltext", "content", "body", "message", "tweet", "tweettext", "comment", "post"),
    "author": ("authorid", "externalauthorid", "userid", "author", "username", "screenname", "user"),
    "language": ("langhint", "language", "lang"),
    "url": ("url", "link", "permalink"),
    "hashtags": ("hashtags", "tags"),
    "repost_of": ("repostof", "retweetedid", "retweetedstatusid", "retweetid"),
    "reply_to": ("replyto", "inreplytostatusid", "inreplytoid"),
    "source": (),  # in most exports it names the program that wrote the post
    "op": (),
}  # fmt: skip
FIELDS = tuple(_NAMES)
_POST_V1 = {"id", "source", "created_at_ms", "text"}
_SEPARATORS = re.compile(r"[^a-z0-9]+")
_HASHTAG = re.compile(r"[^\s,;|'\"\[\]]+")
_ROUNDED = re.compile(r"\d(?:[.,]\d+)?[eE]\+?\d\d")
_NUMBER = re.compile(r"[+-]?\d{1,30}(?:\.\d+)?")  # Python makes no int of more than 4,300 digits
# FiveThirtyEight's Internet Research Agency tweets: the one well-known archive whose times cannot be guessed.
_IRA_COLUMNS = {"external_author_id", "publish_date", "account_category"}
_IRA_FORMAT = "%m/%d/%Y %H:%M"


@dataclass(frozen=True)
class TableOptions:
    """What the command line says of tables. `columns`: field -> column name or 1-based number."""

    columns: Mapping[str, str] = field(default_factory=dict)
    zone: tzinfo | None = None
    time_format: str | None = None
    source: str | None = None
    encoding: str = "utf-8-sig"
    #: How the rows are read where a format's file says it.
    declared: Format | None = None

    @property
    def has_header(self) -> bool:
        """Tell whether the first row names the columns: not when all columns are given by number."""
        return not self.columns or not all(column.isdecimal() for column in self.columns.values())


@dataclass(frozen=True)
class Plan:
    """Where in a row to find what, and how to read it."""

    indices: Mapping[str, int]
    source: str
    zone: tzinfo | None
    time_format: str | None
    #: Makes of a row the cells that `indices` is about; None where it is about the row itself.
    picker: Callable[[Sequence[object]], Sequence[object]] | None = None


def plan(header: Sequence[str], options: TableOptions, default_source: str) -> Plan:
    """Return how to read the rows below this header.

    Raises:
        UsageError: a column that is named is not there, or none can be told for time or text.
    """
    bare = [_bare(name) for name in header]
    indices: dict[str, int] = {}
    is_post_v1 = set(header) >= _POST_V1
    for name, guesses in _NAMES.items():
        wanted = options.columns.get(name)
        if wanted is not None:
            indices[name] = _index(wanted, header, name)
        elif options.has_header:
            candidates = (*guesses, name) if is_post_v1 and name in ("source", "op") else guesses
            found = next((bare.index(guess) for guess in candidates if guess in bare), None)
            if found is not None and found not in indices.values():
                indices[name] = found
    for name in ("time", "text"):
        if name not in indices:
            raise UsageError(
                f"no column for the {name} of a post among {', '.join(header)}: "
                f"say which with --columns {name}=COLUMN"
            )
    is_ira = set(header) >= _IRA_COLUMNS
    return Plan(
        indices,
        options.source or default_source,
        UTC if is_ira and options.zone is None else options.zone,
        _IRA_FORMAT if is_ira and options.time_format is None else options.time_format,
    )


def _bare(name: str) -> str:
    return _SEPARATORS.sub("", name.lower())


def _index(wanted: str, header: Sequence[str], name: str) -> int:
    if wanted in header:
        return header.index(wanted)
    if wanted.isdecimal() and 1 <= int(wanted) <= len(header):
        return int(wanted) - 1
    raise UsageError(f"--columns {name}={wanted}: there is no such column among {', '.join(header)}")


def read_row(row: Sequence[object], number: int, how: Plan) -> Item:
    """Return the post of one row; `number` counts rows from 1."""
    if how.picker is not None:
        row = how.picker(row)

    def cell(name: str) -> object:
        index = how.indices.get(name)
        return None if index is None else row[index]

    def text(name: str) -> str | None:
        value = cell(name)
        return None if value is None or value == "" else str(value).strip() or None

    if max(how.indices.values()) >= len(row):
        return Rejected(RejectReason.BAD_COLUMNS, f"{len(row)} columns, which is too few")
    native_id = text("id")
    if native_id is not None and _ROUNDED.fullmatch(native_id):
        detail = f"id {native_id}: a spreadsheet has rounded it. Export again with ids as text"
        return Rejected(RejectReason.BAD_COLUMNS, detail)
    created_at_ms = _instant_ms(cell("time"), how)
    if created_at_ms is None:
        hint = "" if how.zone or not cell("time") else " with a zone: say --zone, or --time-format"
        return Rejected(RejectReason.BAD_TIME, f"{quote(str(cell('time')))} is no time{hint}")
    said = cell("text")
    source = text("source") or how.source
    if native_id is None:
        digest = blake2b("\t".join(map(str, row)).encode("utf-8", "replace"), digest_size=4).hexdigest()
        native_id = f"{number}-{digest}"
    op = text("op")
    return as_ingested(
        Post(
            id=_global_id(native_id, source) or "",
            source=source,
            created_at_ms=created_at_ms,
            text="" if said is None else str(said),
            author_id=text("author"),
            lang_hint=language_code(text("language") or ""),
            url=text("url"),
            hashtags=hashtags(*_tags(cell("hashtags"))),
            repost_of=_global_id(text("repost_of"), source),
            reply_to=_global_id(text("reply_to"), source),
            op="delete" if op == "delete" else "update" if op == "update" else "create",
        )
    )


def _global_id(native_id: str | None, source: str) -> str | None:
    if native_id is None or native_id.startswith(f"{source}:"):
        return native_id
    return f"{source}:{native_id}"


def _tags(value: object) -> Iterable[str]:
    if isinstance(value, str):
        return _HASHTAG.findall(value)
    return [str(tag) for tag in value] if isinstance(value, Iterable) else ()


def _instant_ms(value: object, how: Plan) -> int | None:
    if isinstance(value, datetime):
        return to_ms(value, how.zone)
    if isinstance(value, (int, float)):
        return number_ms(value)
    text = str(value or "").strip()
    if how.time_format is not None:
        return formatted_ms(text, how.time_format, how.zone)
    if _NUMBER.fullmatch(text):
        return number_ms(float(text) if "." in text else int(text))
    found = iso_ms(text, how.zone)
    if found is None:
        found = formatted_ms(text, X_V1_FORMAT)
    return _mail_ms(text) if found is None else found


def _mail_ms(text: str) -> int | None:
    """Return the instant of "Thu, 11 May 2023 21:00:00 +0300", as feeds and mails write it."""
    try:
        return to_ms(parsedate_to_datetime(text))
    except (TypeError, ValueError, IndexError):
        return None
