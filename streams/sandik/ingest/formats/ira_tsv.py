"""The tab-separated extract of the Internet Research Agency tweets (2016), in file order.

Columns: publish_date, author, language, post_type, retweet, region, content; times are UTC, to the minute.
Rows are split at tabs only: thousands of tweets start with a quotation mark, and by CSV rules they would
swallow the rows after them.

There is no id column, and an author may write the same text twice in a minute. So an id is the line number,
which makes it unique, and a hash of the row, so that another extract cannot have another tweet under the same
id. The retweet flag is ignored: it does not say whose tweet was repeated.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC
from hashlib import blake2b

from sandik.ingest.decoding.frames import BYTE_ORDER_MARK
from sandik.ingest.decoding.text import as_ingested
from sandik.ingest.decoding.times import formatted_ms
from sandik.ingest.formats.languages import language_code
from sandik.ingest.items import Item, Rejected, RejectReason, quote
from sandik_schemas.post import Post

COLUMNS = ("publish_date", "author", "language", "post_type", "retweet", "region", "content")
HEADER = "\t".join(COLUMNS).encode()


def read(lines: Iterable[bytes]) -> Iterator[Item]:
    """Yield one post or Rejected per row. A header in the first line is skipped."""
    for number, line in enumerate(lines, start=1):
        row = line.rstrip(b"\r\n")
        if number == 1:
            row = row.removeprefix(BYTE_ORDER_MARK)
            if row == HEADER:
                continue
        item = _read_row(row, number)
        yield item if isinstance(item, Post) else item._replace(where=f"line {number}")


def _read_row(row: bytes, number: int) -> Post | Rejected:
    try:
        columns = row.decode().split("\t")
    except UnicodeDecodeError as error:
        return Rejected(RejectReason.NOT_UTF8, str(error))
    if len(columns) != len(COLUMNS):
        return Rejected(RejectReason.BAD_COLUMNS, f"{len(columns)} columns, not {len(COLUMNS)}")
    publish_date, author, language, _, _, _, content = columns
    created_at_ms = formatted_ms(publish_date, "%Y-%m-%d %H:%M:%S", UTC)
    if created_at_ms is None:
        detail = f"{quote(publish_date)} is not YYYY-MM-DD HH:MM:SS"
        return Rejected(RejectReason.BAD_TIME, detail)
    return as_ingested(
        Post(
            id=f"ira:{number}-{blake2b(row, digest_size=4).hexdigest()}",
            source="ira",
            created_at_ms=created_at_ms,
            text=content,
            author_id=author or None,
            lang_hint=language_code(language),
        )
    )
