"""Tables: which column is which field. Shared by CSV, TSV, Excel and Parquet.

The column's name decides (`tweet_id`, `publish_date`, `content`), or `--columns`. row.py reads one row,
rows.py all rows; cell_values.py knows empty cells and rounded ids, cell_times.py times.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo

from sandik.errors import UsageError
from sandik.ingest.formats.declared import Format

#: Column names, in lower case and without separators; the first that exists is used.
_NAMES: Mapping[str, tuple[str, ...]] = {
    "id": ("id", "idstr", "postid", "tweetid", "statusid", "messageid", "commentid", "uri", "guid"),
    "time": (
        "createdatms", "timestamputc", "unixtimestamp", "createdat", "createdutc", "publishdate",
        "publishedat", "published", "postedat", "postcreated", "creationtime", "createdtime", "datetime",
        "date", "timestamp", "time",
    ),
    "time_of_day": ("timeofday", "postcreatedtime", "time", "hour"),
    "text": ("text", "fulltext", "content", "body", "message", "tweet", "tweettext", "comment", "post"),
    "author": ("authorid", "externalauthorid", "userid", "author", "username", "screenname", "user"),
    "language": ("langhint", "language", "lang"),
    "url": ("url", "link", "permalink"),
    "hashtags": ("hashtags", "tags"),
    "repost_of": ("repostof", "retweetedid", "retweetedstatusid", "retweetid"),
    "is_repost": ("isretweet", "isrepost", "isrt"),
    "reply_to": ("replyto", "inreplytostatusid", "inreplytoid"),
    "source": (),  # in most exports it is the program that wrote the post
    "source_detail": ("subreddit",),
    "op": (),
}  # fmt: skip
FIELDS = tuple(_NAMES)
_POST_V1 = {"id", "source", "created_at_ms", "text"}
_SEPARATORS = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True)
class TableOptions:
    """The options for tables. `columns`: field -> column name or 1-based number."""

    columns: Mapping[str, str] = field(default_factory=dict)
    zone: tzinfo | None = None
    time_format: str | None = None
    source: str | None = None
    encoding: str = "utf-8-sig"
    #: Also read chats that are not public.
    private_chats: bool = False
    #: Those of EXTRAS to add to the text.
    include: frozenset[str] = frozenset()
    #: The format, if the fields are declared in a file.
    declared: Format | None = None

    @property
    def has_header(self) -> bool:
        """Return whether the first row names the columns: not if all columns are given by number."""
        return not self.columns or not all(column.isdecimal() for column in self.columns.values())


@dataclass(frozen=True)
class Plan:
    """Which column has which field, and how to read it. `author 2` and so on: used if `author` is not."""

    indices: Mapping[str, int]
    source: str
    zone: tzinfo | None
    time_format: str | None
    #: Picks the cells that `indices` refers to from a row; None if `indices` refers to the row itself.
    picker: Callable[[Sequence[object]], Sequence[object]] | None = None


def plan(header: Sequence[str], options: TableOptions, default_source: str) -> Plan:
    """Return how to read the rows below this header.

    Raises:
        UsageError: a named column does not exist, or there is no column for time or text.
    """
    bare_names = [_bare(name) for name in header]
    indices: dict[str, int] = {}
    is_post_v1 = set(header) >= _POST_V1
    for name, guesses in _NAMES.items():
        wanted = options.columns.get(name)
        if wanted is not None:
            indices[name] = _index(wanted, header, name)
        elif options.has_header:
            candidates = (*guesses, name) if is_post_v1 and name in ("source", "op") else guesses
            found = next((bare_names.index(guess) for guess in candidates if guess in bare_names), None)
            if found is not None and found not in indices.values():
                indices[name] = found
    if "author" in indices and "author" not in options.columns:
        others = [bare_names.index(guess) for guess in _NAMES["author"] if guess in bare_names]
        others = [index for index in others if index not in indices.values()]
        indices.update((f"author {number}", index) for number, index in enumerate(others, start=2))
    for name in ("time", "text"):
        if name not in indices:
            raise UsageError(
                f"no column for the {name} of a post among {', '.join(header)}: "
                f"name it with --columns {name}=COLUMN"
            )
    return Plan(indices, options.source or default_source, options.zone, options.time_format)


def _bare(name: str) -> str:
    return _SEPARATORS.sub("", name.lower())


def _index(wanted: str, header: Sequence[str], name: str) -> int:
    if wanted in header:
        return header.index(wanted)
    if wanted.isdecimal() and 1 <= int(wanted) <= len(header):
        return int(wanted) - 1
    raise UsageError(f"--columns {name}={wanted}: there is no such column among {', '.join(header)}")
