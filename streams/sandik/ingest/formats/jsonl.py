"""post v1 as JSON: one object per line, or in any other layout, in file order.

Rejects only what cannot be a post v1: a line that is not JSON, a missing field, a wrong type. Workers check
the values, such as event times in seconds or far in the future, in the same way for all producers, and send
invalid posts to `posts.dlq` with a reason.
"""

from collections.abc import Iterable, Iterator

import msgspec

from sandik.counting.surrogates import HALF_IN_ID, REPLACEMENT, decode_mended
from sandik.ingest.decoding.frames import TooManyError, refuse_too_many
from sandik.ingest.decoding.text import as_ingested
from sandik.ingest.items import Item, Rejected, RejectReason
from sandik_schemas.post import Post

_decode = msgspec.json.Decoder(Post).decode
_decode_array = msgspec.json.Decoder(list[msgspec.Raw]).decode


def read_each(objects: Iterable[tuple[str, bytes]]) -> Iterator[Item]:
    """Yield one post or Rejected per (where, object)."""
    for where, data in objects:
        item = _read_line(data)
        if isinstance(item, Post):
            yield item
        elif data.lstrip()[:1] == b"[":
            yield from _of_array(data, where)
        else:
            yield item._replace(where=where)


def _of_array(data: bytes, where: str) -> Iterator[Item]:
    try:
        refuse_too_many(data)
        elements = _decode_array(data)
    except TooManyError as error:
        yield Rejected(RejectReason.TOO_LARGE, str(error), where)
        return
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        yield Rejected(_reason(error), str(error), where)
        return
    if not elements:
        yield Rejected(RejectReason.NOT_A_POST, "an empty list", where)
    for number, element in enumerate(elements, start=1):
        item = _read_line(bytes(element))
        yield item if isinstance(item, Post) else item._replace(where=f"{where}, element {number}")


def _read_line(line: bytes) -> Post | Rejected:
    try:
        refuse_too_many(line)
        post, is_mended = decode_mended(_decode, line)
    except TooManyError as error:
        return Rejected(RejectReason.TOO_LARGE, str(error))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return Rejected(_reason(error), str(error))
    if is_mended and REPLACEMENT in post.id:
        return Rejected(RejectReason.NOT_A_POST, HALF_IN_ID)
    return as_ingested(post)


def _reason(error: Exception) -> RejectReason:
    match error:
        case msgspec.ValidationError():
            return RejectReason.NOT_A_POST
        case UnicodeDecodeError():
            return RejectReason.NOT_UTF8
        case _:
            return RejectReason.NOT_JSON
