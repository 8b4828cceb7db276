"""post v1 as JSON Lines: one object per line, in the order of the file.

Reported is only what cannot become a post v1: a line that is not JSON, a missing field, a wrong type. Whether
a post makes sense (an event time in seconds, one far in the future) is for the workers to judge, in one place
and for every producer alike; they send such a post to `posts.dlq` with a reason.
"""

from collections.abc import Iterable, Iterator
from contextlib import suppress

import msgspec

from schemas.post import Post
from streams.ingest.frames import BYTE_ORDER_MARK
from streams.ingest.items import Item, Rejected, RejectReason
from streams.ingest.text import as_ingested, repair_surrogates

_decode = msgspec.json.Decoder(Post).decode


def read(lines: Iterable[bytes]) -> Iterator[Item]:
    """Yield one post or Rejected per line. Blank lines are nothing; unknown fields are dropped."""
    for number, line in enumerate(lines, start=1):
        if number == 1:
            line = line.removeprefix(BYTE_ORDER_MARK)
        if line and not line.isspace():
            item = _read_line(line)
            yield item if isinstance(item, Post) else item._replace(where=f"line {number}")


def _read_line(line: bytes) -> Post | Rejected:
    try:
        return as_ingested(_decode(line))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        # Only a line that failed is worth the search for halves of surrogates.
        with suppress(msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return as_ingested(_decode(repair_surrogates(line)))
        return Rejected(_reason(error), str(error))


def _reason(error: Exception) -> RejectReason:
    match error:
        case msgspec.ValidationError():
            return RejectReason.NOT_A_POST
        case UnicodeDecodeError():
            return RejectReason.NOT_UTF8
        case _:
            return RejectReason.NOT_JSON
