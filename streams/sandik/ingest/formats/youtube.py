"""YouTube comments.

Reads comments and threads of the Data API, `.info.json` of yt-dlp, and lines of youtube-comment-downloader.

Only the API has exact times. The other two estimate times from "2 years ago"; a comment without an estimate
is rejected. An edited comment has its first time and its last text.
"""

from collections.abc import Callable, Iterator

from sandik.ingest.decoding.json_access import MissingError, at, each, identifier, number, required, string
from sandik.ingest.decoding.markup import html_to_text
from sandik.ingest.decoding.text import as_ingested
from sandik.ingest.decoding.times import iso_ms, number_ms
from sandik.ingest.items import Item, Rejected, RejectReason, Skipped, SkipReason
from sandik_schemas.post import Post

_LISTS = ("youtube#commentThreadListResponse", "youtube#commentListResponse")


def convert(value: object) -> Iterator[Item]:
    """Yield the comments of one object, including replies, or why there are none."""
    kind = at(value, "kind")
    if kind in _LISTS:
        for item in each(value, "items"):
            yield from convert(item)
    elif kind == "youtube#commentThread":
        video = string(value, "snippet", "videoId")
        for comment in (at(value, "snippet", "topLevelComment"), *each(value, "replies", "comments")):
            yield _guarded(_of_api, comment, video)
    elif isinstance(kind, str) and kind != "youtube#comment":
        yield Skipped(SkipReason.OTHER_RECORD, kind)
    elif kind == "youtube#comment":
        yield _guarded(_of_api, value, None)
    elif isinstance(at(value, "comments"), list):
        for comment in each(value, "comments"):
            yield _guarded(_of_yt_dlp, comment, identifier(value, "id"))
    elif string(value, "cid") is not None:
        yield _guarded(_of_downloader, value, identifier(value, "video_id"))
    elif at(value, "extractor_key") == "Youtube" or at(value, "extractor") == "youtube":
        yield Skipped(SkipReason.OTHER_RECORD, "a video without comments")
    else:
        yield _guarded(_of_yt_dlp, value, None)


def _guarded(read: Callable[[object, str | None], Item], comment: object, video: str | None) -> Item:
    try:
        return read(comment, video)
    except MissingError as error:
        return Rejected(RejectReason.NOT_A_POST, str(error))


def _of_api(comment: object, video: str | None) -> Item:
    snippet = at(comment, "snippet")
    plain, html = at(snippet, "textOriginal"), at(snippet, "textDisplay")
    text = plain if isinstance(plain, str) else html_to_text(html) if isinstance(html, str) else None
    return _post(
        required(comment, "id"),
        text,
        iso_ms(string(snippet, "publishedAt") or ""),
        author=string(snippet, "authorChannelId", "value"),
        video=string(snippet, "videoId") or video,
        parent=identifier(snippet, "parentId"),
    )


def _of_yt_dlp(comment: object, video: str | None) -> Item:
    seconds = number(comment, "timestamp")
    parent = identifier(comment, "parent")
    return _post(
        required(comment, "id"),
        at(comment, "text"),
        None if seconds is None else number_ms(seconds),
        author=identifier(comment, "author_id"),
        video=video,
        parent=None if parent == "root" else parent,
    )


def _of_downloader(comment: object, video: str | None) -> Item:
    native_id = required(comment, "cid")
    seconds = number(comment, "time_parsed")
    parent, is_reply, _ = native_id.partition(".")
    return _post(
        native_id,
        at(comment, "text"),
        None if seconds is None else number_ms(seconds),
        author=identifier(comment, "channel"),
        video=video,
        parent=parent if is_reply else None,
    )


def _post(
    native_id: str,
    text: object,
    created_at_ms: int | None,
    *,
    author: str | None,
    video: str | None,
    parent: str | None,
) -> Item:
    if not isinstance(text, str):
        raise MissingError("no text")
    if created_at_ms is None:
        return Rejected(RejectReason.BAD_TIME, "no publishedAt, timestamp or time_parsed")
    return as_ingested(
        Post(
            id=f"youtube:{native_id}",
            source="youtube",
            created_at_ms=created_at_ms,
            text=text,
            author_id=author,
            url=f"https://www.youtube.com/watch?v={video}&lc={native_id}" if video else None,
            reply_to=f"youtube:{parent}" if parent else None,
        )
    )
