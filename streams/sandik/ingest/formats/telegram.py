r"""Telegram archives: Telegram Desktop's result.json and flat lists of channel posts.

Reads two shapes: the export of one chat or of everything (machine-readable JSON of Telegram Desktop), and a
list of `{message_id, sender_id, text, date, ...}` as written by channel scrapers. Both give a message of a
channel the same id, `telegram:<channel id>:<message id>`, without the prefix -100 of the bot API.

An export of everything contains private chats. Messages of a chat whose `type` is not a public channel or
group are skipped, unless `private_chats` is set.

Only `date_unixtime` is an instant. `date` of an export is local time without a zone, so a message without
`date_unixtime` needs `zone`; otherwise it is rejected, because it could be hours off. Control characters,
which the exporter writes as `\xNN`, are repaired. `repost_of` of a forwarded message names its origin, not
the message: the export does not say which. An edited message has its first time and its last text. A message
without text is a post too, because shares are of all posts. Question and options of a poll are text.

Some archives are newest first. They are sorted here, in pieces of MAX_SORTED posts.
"""

import re
from collections.abc import Iterator
from datetime import tzinfo
from typing import TypeVar

import msgspec

from sandik.counting.surrogates import decode_mended
from sandik.ingest.decoding.frames import UNDECODABLE
from sandik.ingest.decoding.json_walk import BrokenJsonError, Walk
from sandik.ingest.decoding.text import as_ingested
from sandik.ingest.decoding.times import iso_ms
from sandik.ingest.decoding.unpack import Readable
from sandik.ingest.formats.telegram_chats import Chat, Identifier, Number, messages
from sandik.ingest.items import Item, Rejected, RejectReason, Skipped, SkipReason, quote
from sandik_schemas.post import Post

_KIND_OF_CHAT = re.compile(r"^(?:channel|chat|user)(?=\d)")
_CHANNELS_FROM = 10**12  # the bot interface calls channel N -(10**12 + N)
_MAX_UNIXTIME_DIGITS = 12  # as many as the year 9999 needs
#: Posts held in memory, so that a file of the usual size comes out oldest first.
MAX_SORTED = 100_000
_PUBLIC = frozenset({"public_channel", "public_supergroup"})


class _Entity(msgspec.Struct):
    type: str = ""
    text: str = ""


_Text = str | list[str | _Entity]


class _Answer(msgspec.Struct):
    text: _Text = ""


class _Poll(msgspec.Struct):
    question: _Text = ""
    answers: list[_Answer] = []


class _Message(msgspec.Struct):
    id: Number
    type: str = "message"
    date: str | None = None
    date_unixtime: Identifier | None = None
    text: _Text = ""
    poll: _Poll | None = None
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


def read(source: Readable, *, zone: tzinfo | None = None, private_chats: bool = False) -> Iterator[Item]:
    """Yield other items in file order, and the posts, oldest first.

    `where` counts the messages of the file from 1. A file that is not a Telegram archive gives one Rejected.
    """
    posts: list[Post] = []
    number = 0
    try:
        for chat, message in messages(Walk(source)):
            number += 1
            item = _read_message(f"message {number}", chat, message, zone, private_chats=private_chats)
            if not isinstance(item, Post):
                yield item
                continue
            posts.append(item)
            if len(posts) >= MAX_SORTED:
                yield from _sorted(posts)
                posts = []
    except (BrokenJsonError, *UNDECODABLE) as error:
        yield from _sorted(posts)
        posts = []
        detail = f"after {number} messages: {error}" if number else str(error)
        yield Rejected(RejectReason.NOT_AN_EXPORT, detail, "file")
    yield from _sorted(posts)


def _sorted(posts: list[Post]) -> list[Post]:
    # By message id within a second, so that conversations keep their order.
    return sorted(posts, key=lambda post: (post.created_at_ms, int(post.id.rpartition(":")[2])))


def _read_message(
    where: str, chat: Chat | None, raw: bytes, zone: tzinfo | None, *, private_chats: bool
) -> Item:
    if chat is not None and chat.type is not None and chat.type not in _PUBLIC and not private_chats:
        return Skipped(SkipReason.NOT_PUBLIC, chat.type, where)
    try:
        if chat is None:
            item = _from_channel_post(_decoded(raw, _ChannelPost), zone)
        else:
            item = _from_message(chat.id or "", _decoded(raw, _Message), zone)
    except UNDECODABLE as error:
        item = Rejected(RejectReason.NOT_A_POST, str(error))
    return item if isinstance(item, Post) else item._replace(where=where)


_Kind = TypeVar("_Kind")


def _decoded(raw: bytes, kind: type[_Kind]) -> _Kind:
    return decode_mended(msgspec.json.Decoder(kind).decode, raw)[0]


def _from_message(chat_id: Identifier, message: _Message, zone: tzinfo | None) -> Item:
    if message.type != "message":
        is_service = message.type == SkipReason.SERVICE
        return Skipped(SkipReason.SERVICE if is_service else SkipReason.UNSUPPORTED, message.type)
    created_at_ms = _unixtime_ms(message.date_unixtime)
    if created_at_ms is None and zone is not None:
        created_at_ms = iso_ms(message.date or "", zone)
    if created_at_ms is None:
        detail = (
            "no date_unixtime, and date has no zone: add --zone with that of the exporting computer, or "
            "export again with a newer Telegram Desktop"
        )
        return Rejected(RejectReason.BAD_TIME, detail)
    parts = [message.text] if isinstance(message.text, str) else message.text
    entities = [part for part in parts if isinstance(part, _Entity)] or message.text_entities
    origin = message.forwarded_from_id or message.forwarded_from
    reply_to = message.reply_to_message_id
    return as_ingested(
        Post(
            id=f"telegram:{_bare(chat_id)}:{message.id}",
            source="telegram",
            created_at_ms=created_at_ms,
            text="\n\n".join(filter(None, (_plain(message.text), _poll(message.poll)))),
            author_id=None if message.from_id is None else str(message.from_id),
            hashtags=tuple(entity.text.removeprefix("#") for entity in entities if entity.type == "hashtag"),
            repost_of=f"telegram:{_bare(origin)}" if origin else None,
            reply_to=f"telegram:{_bare(message.reply_to_peer_id or chat_id)}:{reply_to}"
            if reply_to
            else None,
            source_detail=_bare(chat_id) or None,
        )
    )


def _plain(text: _Text) -> str:
    parts = [text] if isinstance(text, str) else text
    return "".join(part if isinstance(part, str) else _shown(part) for part in parts)


def _shown(part: _Entity) -> str:
    """Return the shown text. A link without `https://` gets it, so that its words are not counted."""
    is_bare = part.type == "link" and not part.text.lower().startswith(("http://", "https://", "www."))
    return f"https://{part.text}" if is_bare else part.text


def _poll(poll: _Poll | None) -> str:
    if poll is None:
        return ""
    return "\n".join(filter(None, map(_plain, (poll.question, *(answer.text for answer in poll.answers)))))


def _from_channel_post(post: _ChannelPost, zone: tzinfo | None) -> Item:
    created_at_ms = iso_ms(post.date, zone)
    if created_at_ms is None:
        detail = f"date {quote(post.date)} is not ISO 8601 with a zone: add --zone if it has none"
        return Rejected(RejectReason.BAD_TIME, detail)
    channel_id = _bare(post.sender_id)
    return as_ingested(
        Post(
            id=f"telegram:{channel_id}:{post.message_id}",
            source="telegram",
            created_at_ms=created_at_ms,
            text=post.text,
            author_id=f"channel{channel_id}" if post.sender_id < 0 else f"user{channel_id}",
            source_detail=channel_id,
        )
    )


def _unixtime_ms(seconds: Identifier | None) -> int | None:
    try:
        return int(seconds or "") * 1000 if len(str(seconds)) <= _MAX_UNIXTIME_DIGITS else None
    except ValueError:
        return None


def _bare(chat: Identifier) -> str:
    """Return the chat's id without its kind: channel1394050290 and -1001394050290 are the same channel."""
    if isinstance(chat, str):
        return _KIND_OF_CHAT.sub("", chat)
    return str(-chat - _CHANNELS_FROM if chat < -_CHANNELS_FROM else abs(chat))
