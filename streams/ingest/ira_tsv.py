"""The tab-separated extract of the Internet Research Agency tweets (2016), in the order of the file.

Columns: publish_date, author, language, post_type, retweet, region, content; times are UTC, to the minute. A
row is split on tabs and nothing else: thousands of tweets start with a quotation mark, and under CSV rules
those would swallow their neighbours.

There is no id column, and the same author may say the same thing twice in a minute, so the line number makes
the id unique and a hash of the row ties it to its content: the id of a row stays the same for this file, and
another extract cannot pass off another tweet under it. The retweet flag is left out: it does not say whose
tweet was repeated.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hashlib import blake2b

from schemas.post import Post

from .items import Item, Unreadable, UnreadableReason, quote
from .jsonl import BYTE_ORDER_MARK
from .text import as_ingested

COLUMNS = ("publish_date", "author", "language", "post_type", "retweet", "region", "content")
HEADER = "\t".join(COLUMNS).encode()

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

# The extract names languages in English; anything else ("LANGUAGE UNDEFINED") gives no hint.
_LANGUAGE_CODES = {
    "Albanian": "sq", "Arabic": "ar", "Bulgarian": "bg", "Catalan": "ca", "Croatian": "hr",
    "Czech": "cs", "Danish": "da", "Dutch": "nl", "English": "en", "Estonian": "et",
    "Farsi (Persian)": "fa", "Finnish": "fi", "French": "fr", "German": "de", "Greek": "el",
    "Hebrew": "he", "Hindi": "hi", "Hungarian": "hu", "Icelandic": "is", "Indonesian": "id",
    "Italian": "it", "Japanese": "ja", "Korean": "ko", "Kurdish": "ku", "Latvian": "lv",
    "Lithuanian": "lt", "Macedonian": "mk", "Malay": "ms", "Norwegian": "no", "Polish": "pl",
    "Portuguese": "pt", "Pushto": "ps", "Romanian": "ro", "Russian": "ru", "Serbian": "sr",
    "Slovak": "sk", "Slovenian": "sl", "Somali": "so", "Spanish": "es", "Swedish": "sv",
    "Tagalog (Filipino)": "tl", "Turkish": "tr", "Ukrainian": "uk", "Urdu": "ur", "Uzbek": "uz",
    "Vietnamese": "vi",
}  # fmt: skip


def read(lines: Iterable[bytes]) -> Iterator[Item]:
    """Yield one post or Unreadable per row. The header, if it is the first line, is no row."""
    for number, line in enumerate(lines, start=1):
        row = line.rstrip(b"\r\n")
        if number == 1:
            row = row.removeprefix(BYTE_ORDER_MARK)
            if row == HEADER:
                continue
        yield _read_row(row, number)


def _read_row(row: bytes, number: int) -> Post | Unreadable:
    where = f"line {number}"
    try:
        columns = row.decode().split("\t")
    except UnicodeDecodeError as error:
        return Unreadable(where, UnreadableReason.NOT_UTF8, str(error))
    if len(columns) != len(COLUMNS):
        return Unreadable(where, UnreadableReason.BAD_COLUMNS, f"{len(columns)} columns, not {len(COLUMNS)}")
    publish_date, author, language, _, _, _, content = columns
    created_at_ms = _utc_ms(publish_date)
    if created_at_ms is None:
        detail = f"{quote(publish_date)} is not YYYY-MM-DD HH:MM:SS"
        return Unreadable(where, UnreadableReason.BAD_TIME, detail)
    return as_ingested(
        Post(
            id=f"ira:{number}-{blake2b(row, digest_size=4).hexdigest()}",
            source="ira",
            created_at_ms=created_at_ms,
            text=content,
            author_id=author or None,
            lang_hint=_LANGUAGE_CODES.get(language),
        )
    )


@lru_cache(maxsize=4096)  # rows come sorted to the minute, so almost every time was just seen
def _utc_ms(publish_date: str) -> int | None:
    try:
        instant = datetime.strptime(f"{publish_date} +0000", "%Y-%m-%d %H:%M:%S %z")
    except ValueError:
        return None
    return (instant - _EPOCH) // timedelta(milliseconds=1)
