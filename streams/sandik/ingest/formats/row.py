"""One row of a table -> a post.

The id of a row is its own, else its number and a hash of its content: the same for the same file, and
different for another file.
"""

import re
from collections.abc import Iterable, Sequence
from hashlib import blake2b

from sandik.ingest.decoding.json_access import hashtags
from sandik.ingest.decoding.text import as_ingested
from sandik.ingest.formats.cell_times import instant_ms
from sandik.ingest.formats.cell_values import (
    Rounded,
    advice,
    bare,
    is_nothing,
    is_surely_rounded,
    is_yes,
    native_id,
)
from sandik.ingest.formats.languages import language_code
from sandik.ingest.formats.table import Plan
from sandik.ingest.items import Item, Rejected, RejectReason
from sandik_schemas.post import Post

_REPEATS = re.compile(r"RT @(\w{1,30})\b")
_HASHTAG = re.compile(r"[^\s,;|'\"\[\]]+")


def read_row(row: Sequence[object], number: int, how: Plan, rounded: Rounded | None = None) -> Item:
    """Return the post of one row; `number` counts rows from 1; `rounded` judges its id."""
    if how.picker is not None:
        row = how.picker(row)

    def cell(name: str) -> object:
        index = how.indices.get(name)
        return None if index is None else row[index]

    def text(name: str) -> str | None:
        found = bare(cell(name))
        return None if found is None or is_nothing(found) else found

    if max(how.indices.values()) >= len(row):
        return Rejected(RejectReason.BAD_COLUMNS, f"{len(row)} columns, which is too few")
    own_id = native_id(cell("id"))
    if own_id is not None and (is_surely_rounded(own_id) if rounded is None else rounded(own_id)):
        return Rejected(RejectReason.BAD_COLUMNS, advice("id", own_id))
    created_at_ms = instant_ms(cell("time"), cell("time_of_day"), how)
    if isinstance(created_at_ms, str):
        return Rejected(RejectReason.BAD_TIME, created_at_ms)
    said = cell("text")
    source = text("source") or how.source
    if own_id is None:
        digest = blake2b("\t".join(map(str, row)).encode("utf-8", "replace"), digest_size=4).hexdigest()
        own_id = f"{number}-{digest}"
    op = text("op")
    return as_ingested(
        Post(
            id=_global_id(own_id, source) or "",
            source=source,
            created_at_ms=created_at_ms,
            text="" if said is None else str(said),
            author_id=native_id(cell("author")),
            lang_hint=language_code(text("language") or ""),
            url=text("url"),
            hashtags=hashtags(*_tags(cell("hashtags"))),
            repost_of=_global_id(_repeated(cell("repost_of"), cell("is_repost"), said, how), source),
            reply_to=_global_id(native_id(cell("reply_to")), source),
            source_detail=text("source_detail"),
            op="delete" if op == "delete" else "update" if op == "update" else "create",
        )
    )


def _repeated(post_id: object, flag: object, said: object, how: Plan) -> str | None:
    """Return what a row reposts: a post's id, the author named by `RT @author:`, or `unknown`."""
    own = native_id(post_id)
    is_named = own is not None and not (own.isalpha() and is_yes(own))
    if is_named:
        return own
    author = _REPEATS.match(said) if isinstance(said, str) else None
    is_said = own is not None or is_yes(flag)
    # Without a column for reposts, the text decides.
    if is_said or (author and "repost_of" not in how.indices and "is_repost" not in how.indices):
        return f"@{author[1]}" if author else "unknown"
    return None


def _global_id(native_id: str | None, source: str) -> str | None:
    if native_id is None or native_id.startswith(f"{source}:"):
        return native_id
    return f"{source}:{native_id}"


def _tags(value: object) -> Iterable[str]:
    if isinstance(value, str):
        return () if is_nothing(value.strip().strip("\"'")) else _HASHTAG.findall(value)
    return [str(tag) for tag in value] if isinstance(value, Iterable) else ()
