"""Reddit: comments and submissions.

Reads the dumps of Pushshift and Arctic Shift (one JSON object a line, zstd), and listings of the API with the
replies inside.

`created_utc` is in seconds. The id is the full name: `t1_` for a comment, `t3_` for a submission. The text of
a submission is title, body and poll options, without Markdown. Deleted and removed posts have no text and are
skipped; a submission whose body was removed still has its title.
"""

from collections.abc import Iterator

from sandik.ingest.decoding.json_access import MissingError, at, each, identifier, number, required, string
from sandik.ingest.decoding.markdown import markdown_to_text
from sandik.ingest.decoding.text import as_ingested
from sandik.ingest.decoding.times import number_ms
from sandik.ingest.items import Item, Rejected, RejectReason, Skipped, SkipReason
from sandik_schemas.post import Post

_COMMENT, _SUBMISSION = "t1", "t3"
_GONE = frozenset({"[deleted]", "[removed]", "[ Removed by Reddit ]", "[deleted by user]"})


def convert(value: object) -> Iterator[Item]:
    """Yield the posts of one object, including nested ones, or why there are none."""
    kind, data = at(value, "kind"), at(value, "data")
    if kind == "Listing":
        for child in each(data, "children"):
            yield from convert(child)
        return
    if kind == "more":
        yield Skipped(SkipReason.NOTICE, "more comments, which must be fetched separately")
        return
    if isinstance(kind, str) and isinstance(data, dict) and kind not in (_COMMENT, _SUBMISSION):
        # Users, subreddits, moderation; and private messages, which look like comments.
        yield Skipped(SkipReason.OTHER_RECORD, kind)
        return
    thing = data if isinstance(data, dict) and isinstance(kind, str) else value
    try:
        yield _thing(thing)
    except MissingError as error:
        yield Rejected(RejectReason.NOT_A_POST, str(error))
    replies = at(thing, "replies")
    if isinstance(replies, dict):
        yield from convert(replies)


def _thing(thing: object) -> Item:
    is_comment = at(thing, "body") is not None
    kind = _COMMENT if is_comment else _SUBMISSION
    native_id = required(thing, "id").removeprefix(f"{kind}_")
    if not is_comment and string(thing, "title") is None:
        raise MissingError("neither body nor title")
    created_s = number(thing, "created_utc")
    created_s = number(thing, "created") if created_s is None else created_s
    created_at_ms = None if created_s is None else number_ms(created_s)
    if created_at_ms is None:
        return Rejected(RejectReason.BAD_TIME, "no created_utc")
    shown = (string(thing, "body"),) if is_comment else (string(thing, "title"), string(thing, "selftext"))
    parts = [markdown_to_text(part) for part in shown if part and part.strip() not in _GONE]
    options = each(thing, "poll_data", "options")
    parts += [markdown_to_text(string(option, "text") or "") for option in options]
    if not any(parts):
        return Skipped(SkipReason.REMOVED, str(shown[0] or "no text"))
    author = string(thing, "author_fullname") or string(thing, "author")
    parent = identifier(thing, "parent_id")
    original = string(thing, "crosspost_parent")
    path = string(thing, "permalink")
    return as_ingested(
        Post(
            id=f"reddit:{kind}_{native_id}",
            source="reddit",
            created_at_ms=created_at_ms,
            text="\n\n".join(filter(None, parts)),
            author_id=None if author in _GONE else author,
            url=f"https://www.reddit.com{path}" if path and path.startswith("/") else path,
            repost_of=f"reddit:{original}" if original else None,
            reply_to=f"reddit:{parent}" if parent and is_comment else None,
            source_detail=string(thing, "subreddit"),
        )
    )
