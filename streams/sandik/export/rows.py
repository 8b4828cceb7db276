"""Records of a topic -> rows. Pure, except that it remembers mentions to drop duplicates."""

from collections.abc import Callable, Iterable, Iterator
from typing import Literal, NamedTuple

import msgspec
from aiokafka import ConsumerRecord

from sandik.counting.decode import decode
from sandik.counting.fold import ALL
from sandik.counting.labels import iso
from sandik.figures.corrected import Accuracy
from sandik.ingest.authors import hidden, post_pseudonym
from sandik.kafka.topics import decoded
from sandik.tables.writers import Columns, Row, columns_of
from sandik_schemas.count import Count
from sandik_schemas.mention import Mention
from sandik_schemas.post import Post

What = Literal["mentions", "posts", "counts", "sources"]
Authors = Literal["keep", "pseudonym", "drop"]

#: Tables with one row per cell.
COUNTED: tuple[What, ...] = ("counts", "sources")
#: Columns added to counts by a coded sample.
CORRECTED = ("corrected_share", "corrected_low", "corrected_high")

_decode_mention = msgspec.json.Decoder(Mention).decode


class Choice(NamedTuple):
    """What to omit. Unless authors are kept, ids of posts are hashed with `key`, and links are removed.

    The key is "" for tables without hashes.
    """

    texts: bool = True
    authors: Authors = "keep"
    key: str = ""
    max_ahead_ms: int = 0


class Table(NamedTuple):
    """Columns, and the function that makes rows of records. Invalid records give no row."""

    columns: Columns
    rows: Callable[[Iterable[ConsumerRecord]], Iterator[Row]]


def table_of(what: What, choice: Choice, *, is_corrected: bool = False) -> Table:
    """Return the table of the topic. `is_corrected`: with corrected shares of counts."""
    if what in COUNTED:
        more = dict.fromkeys(CORRECTED, "float") if is_corrected else {}
        columns = columns_of(Count, without=["source"] if what == "counts" else [])
        return Table({**columns, **more}, lambda _: iter(()))  # `newest_counts` makes the rows
    if what == "mentions":
        return Table(_with_time(columns_of(Mention)), _Mentions(choice))
    left_out = [] if choice.texts else ["text"]
    if choice.authors != "keep":
        left_out += ["url", "source_detail"]
    if choice.authors == "drop":
        left_out.append("author_id")
    place = {"source_partition": "int", "source_offset": "int", "record_timestamp_ms": "int"}
    columns = {**_with_time(columns_of(Post, without=left_out)), **place}
    return Table(columns, lambda records: _posts(records, choice))


def corrected_rows(rows: Iterable[Row], accuracy: Accuracy) -> Iterator[Row]:
    """Yield the rows of counts with corrected shares, None if the sample has no data.

    Raises:
        UsageError: a count was made by other rules than those of the sample.
    """
    known: dict[tuple[str, str, int, int], tuple[float | None, ...]] = {}
    for row in rows:
        accuracy.check([(row["lexicon_version"], row["detector_version"])])
        cell = row["language"], row["tag"], row["count"], row["total"]
        if cell not in known:
            found = None if row["tag"] == ALL else accuracy.of(cell[0]).share(*cell[1:])
            known[cell] = (found.value, found.low, found.high) if found else (None, None, None)
        yield {**row, **dict(zip(CORRECTED, known[cell], strict=True))}


def _with_time(columns: dict[str, str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, kind in columns.items():
        if name == "created_at_ms":
            found["created_at"] = "time"
        found[name] = kind
    return found


class _Mentions:
    """Drops duplicates: after a crash, a mention of the same post by the same rules may come again."""

    def __init__(self, choice: Choice) -> None:
        self._choice = choice
        self._seen: set[tuple[int, int, str, str]] = set()

    def __call__(self, records: Iterable[ConsumerRecord]) -> Iterator[Row]:
        for record in records:
            one = decoded(record, _decode_mention)
            if one is None:
                continue
            place = one.source_partition, one.source_offset, one.lexicon_version, one.detector_version
            if place not in self._seen:
                self._seen.add(place)
                row = {**msgspec.structs.asdict(one), "created_at": iso(one.created_at_ms)}
                if self._choice.authors != "keep":
                    row["id"] = post_pseudonym(one.id, self._choice.key)
                yield row


def _posts(records: Iterable[ConsumerRecord], choice: Choice) -> Iterator[Row]:
    for record in records:
        post = decode(record.value, record.timestamp, choice.max_ahead_ms)
        if not isinstance(post, Post) or post.op == "close":
            continue
        shown = post if choice.authors == "keep" else hidden(post, choice.key)
        yield {
            **msgspec.structs.asdict(shown),
            "created_at": iso(post.created_at_ms),
            "source_partition": record.partition,
            "source_offset": record.offset,
            "record_timestamp_ms": record.timestamp,
        }
