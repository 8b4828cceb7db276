r"""Telegram archives, sorted by event time: Telegram Desktop's result.json and flat lists of channel posts.

Two shapes are read: the export of one chat or of everything (machine-readable JSON of Telegram Desktop), and
a list of `{message_id, sender_id, text, date, ...}` as scrapers of channels write it. Both give the same id
to the same message of a channel: `telegram:<channel id>:<message id>`, without the -100 that the bot
interface puts before it.

Only `date_unixtime` is an instant; `date` of an export is the exporting computer's local time without a zone,
so a message that has nothing else is rejected rather than hours off. Control characters, which the exporter
writes as `\xNN`, are repaired. `repost_of` of a forwarded message names where it came from, not which message
it was: the export does not say. An edited message has its first time and its last text; a message without
text is a post too, since the denominator counts all posts.

Archives are newest first and are sorted here, so a file is held in memory whole.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Annotated

import msgspec

from schemas.post import Post
from streams.ingest.items import Item, Rejected, RejectReason, Skipped, SkipReason, quote
from streams.ingest.text import as_ingested, repair_hex_escapes, repair_surrogates

# Bounded, so that no crafted number is too long to be written down again.
Number = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
Identifier = Number | str

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_KIND_OF_CHAT = re.compile(r"^(?:channel|chat|user)(?=\d)")
_CHANNELS_FROM = 10**12  # the bot interface calls channel N -(10**12 + N)
_MAX_UNIXTIME_DIGITS = 12  # the year 9999 needs as many
_UNDECODABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class _Entity(msgspec.Struct):
    type: str = ""
    text: str = ""


class _Message(msgspec.Struct):
    id: Number
    type: str = "message"
    date_unixtime: Identifier | None = None
    text: str | list[str | _Entity] = ""
    text_entities: list[_Entity] = []
    from_id: Identifier | None = None
    reply_to_message_id: Number | None = None
    reply_to_peer_id: Identifier | None = None
    forwarded_from: str | None = None
    forwarded_from_id: Identifier | None = None


class _ChannelPost(msgspec.Struct):
    message_id: Number
    sender_id: Number
    text: str
    date: str


class _Chat(msgspec.Struct):
    id: Identifier
    messages: list[msgspec.Raw]


class _Chats(msgspec.Struct):
    list: tuple[_Chat, ...] = ()


class _Everything(msgspec.Struct):
    chats: _Chats
    left_chats: _Chats = msgspec.field(default_factory=_Chats)


def read(data: bytes) -> Iterator[Item]:
    """Yield what is not a post, in the order of the file, then the posts, oldest first.

    `where` counts the messages of the file from 1. A file that is no Telegram archive is one Rejected.
    """
    try:
        messages = list(_messages(repair_surrogates(repair_hex_escapes(data))))
    except _UNDECODABLE as error:
        yield Rejected(RejectReason.NOT_AN_EXPORT, str(error), "file")
        return
    posts: list[Post] = []
    for number, (chat_id, message) in enumerate(messages, start=1):
        where = f"message {number}"
        item = _read_message(where, chat_id, message)
        if isinstance(item, Post):
            posts.append(item)
        else:
            yield item._replace(where=where)
    # By message id within a second: newest first would tell a conversation backwards.
    posts.sort(key=lambda post: (post.created_at_ms, int(post.id.rpartition(":")[2])))
    yield from posts


def _messages(data: bytes) -> Iterator[tuple[Identifier | None, msgspec.Raw]]:
    """Yield every message with its chat's id; None where the message itself names the channel."""
    file = msgspec.json.decode(data, type=list[msgspec.Raw] | dict[str, msgspec.Raw])
    if isinstance(file, list):
        yield from ((None, message) for message in file)
        return
    if "chats" in file:
        everything = msgspec.json.decode(data, type=_Everything)
        chats = everything.chats.list + everything.left_chats.list
    else:
        chats = (msgspec.json.decode(data, type=_Chat),)
    for chat in chats:
        yield from ((chat.id, message) for message in chat.messages)


def _read_message(where: str, chat_id: Identifier | None, raw: msgspec.Raw) -> Item:
    try:
        if chat_id is None:
            return _from_channel_post(where, msgspec.json.decode(raw, type=_ChannelPost))
        return _from_message(where, chat_id, msgspec.json.decode(raw, type=_Message))
    except _UNDECODABLE as error:
        return Rejected(RejectReason.NOT_A_POST, str(error), where)


def _from_message(where: str, chat_id: Identifier, message: _Message) -> Item:
    if message.type != "message":
        is_service = message.type == SkipReason.SERVICE
        return Skipped(SkipReason.SERVICE if is_service else SkipReason.UNSUPPORTED, message.type, where)
    created_at_ms = _unixtime_ms(message.date_unixtime)
    if created_at_ms is None:
        detail = "no date_unixtime, and date has no zone: export again with a newer Telegram Desktop"
        return Rejected(RejectReason.BAD_TIME, detail, where)
    parts = [message.text] if isinstance(message.text, str) else message.text
    entities = [part for part in parts if isinstance(part, _Entity)] or message.text_entities
    origin = message.forwarded_from_id or message.forwarded_from
    reply_to = message.reply_to_message_id
    return as_ingested(
        Post(
            id=f"telegram:{_bare(chat_id)}:{message.id}",
            source="telegram",
            created_at_ms=created_at_ms,
            text="".join(part if isinstance(part, str) else part.text for part in parts),
            author_id=None if message.from_id is None else str(message.from_id),
            hashtags=tuple(entity.text.removeprefix("#") for entity in entities if entity.type == "hashtag"),
            repost_of=f"telegram:{_bare(origin)}" if origin else None,
            reply_to=f"telegram:{_bare(message.reply_to_peer_id or chat_id)}:{reply_to}"
            if reply_to
            else None,
        )
    )


def _from_channel_post(where: str, post: _ChannelPost) -> Item:
    try:
        instant = datetime.fromisoformat(post.date)
    except ValueError:
        return Rejected(RejectReason.BAD_TIME, f"date {quote(post.date)} is not ISO 8601", where)
    if instant.tzinfo is None:
        return Rejected(RejectReason.BAD_TIME, f"date {quote(post.date)} has no zone", where)
    channel_id = _bare(post.sender_id)
    return as_ingested(
        Post(
            id=f"telegram:{channel_id}:{post.message_id}",
            source="telegram",
            created_at_ms=(instant - _EPOCH) // timedelta(milliseconds=1),
            text=post.text,
            author_id=f"channel{channel_id}" if post.sender_id < 0 else f"user{channel_id}",
        )
    )


def _unixtime_ms(seconds: Identifier | None) -> int | None:
    try:
        return int(seconds or "") * 1000 if len(str(seconds)) <= _MAX_UNIXTIME_DIGITS else None
    except ValueError:
        return None


def _bare(chat: Identifier) -> str:
    """Return the chat's id without its kind: channel1394050290 and -1001394050290 are one channel."""
    if isinstance(chat, str):
        return _KIND_OF_CHAT.sub("", chat)
    return str(-chat - _CHANNELS_FROM if chat < -_CHANNELS_FROM else abs(chat))
