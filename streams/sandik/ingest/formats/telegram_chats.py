"""Telegram's result.json -> its messages, each with its chat, one at a time in memory."""

from collections.abc import Iterator
from typing import Annotated

import msgspec

from sandik.ingest.decoding.json_walk import MAX_VALUE_CHARACTERS, BrokenJsonError, Walk

# Bounded: Python refuses to print longer numbers.
Number = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
Identifier = Number | str
#: Bytes of messages held of a chat whose id and type come after them.
MAX_WAITING_BYTES = 4 * MAX_VALUE_CHARACTERS


class Chat(msgspec.Struct):
    """The id and type of a chat."""

    id: Identifier | None = None
    type: str | None = None


_Found = Iterator[tuple[Chat | None, bytes]]


def messages(walk: Walk) -> _Found:
    """Yield every message with its chat; None if the message itself names the channel."""
    if walk.peek() == "[":
        yield from ((None, walk.value()) for _ in walk.each_item())
    elif walk.peek() == "{":
        yield from _of_object(walk, is_whole=True)
    else:
        raise BrokenJsonError("neither an object nor a list")
    walk.end()


def _of_object(walk: Walk, *, is_whole: bool = False) -> _Found:
    """Yield the messages of a chat, or of all chats of an export."""
    said: dict[str, bytes] = {}
    waiting: list[bytes] = []
    is_chat = has_chats = False
    for key in walk.each_key():
        opens = walk.peek()
        if key == "messages" and opens == "[":
            is_chat = True
            # Whether it is private is known if id and type came first, as they do in exports.
            chat = _chat(said) if {"id", "type"} <= said.keys() else None
            held = 0
            for _ in walk.each_item():
                message = walk.value()
                if chat is not None:
                    yield chat, message
                    continue
                waiting.append(message)
                held += len(message)
                if held > MAX_WAITING_BYTES:
                    raise BrokenJsonError("a chat whose id and type come after too many messages")
        elif is_whole and key in ("chats", "left_chats") and opens == "{":
            has_chats = True
            for inner in walk.each_key():
                if inner == "list" and walk.peek() == "[":
                    for _ in walk.each_item():
                        yield from _of_object(walk)
                else:
                    walk.value()
        elif key in ("id", "type"):
            said[key] = walk.value()
        else:
            walk.value()
    if is_chat or not has_chats:
        chat = _chat(said)
        if chat.id is None or (is_whole and not is_chat):
            raise BrokenJsonError("neither a chat with its id and messages nor an export of chats")
        yield from ((chat, message) for message in waiting)


def _chat(said: dict[str, bytes]) -> Chat:
    return msgspec.json.decode(
        b"{" + b",".join(b'"%s":%s' % (key.encode(), value) for key, value in said.items()) + b"}", type=Chat
    )
