"""Counts and mentions as the workers write them."""

from typing import Any

import msgspec

from sandik.counting.labels import iso
from sandik_schemas.count import Count
from sandik_schemas.mention import Mention, Term

MINUTE_MS = 60_000
BASE_MS = 1_683_799_980_000 - 1_683_799_980_000 % 3_600_000


def a_count(
    tag: str = "all", language: str = "tr", *, minute: int = 0, size: int = 1, **values: Any
) -> Count:
    """Return a count of the window that starts `minute` minutes after BASE_MS and lasts `size` minutes."""
    start_ms = BASE_MS + minute * MINUTE_MS
    end_ms = start_ms + size * MINUTE_MS
    count = Count(
        schema_version=1,
        window_start=iso(start_ms),
        window_end=iso(end_ms),
        window_start_ms=start_ms,
        window_end_ms=end_ms,
        language=language,
        tag=tag,
        count=1,
        total=50,
        share=0.02,
        late_count=0,
        revision=2,
        is_final=False,
        lexicon_version="lex-1",
        detector_version="det-1",
        emitted_at_ms=end_ms,
    )
    return msgspec.structs.replace(count, **values)


def a_mention(offset: int, *, tags: tuple[str, ...] = ("election",), **values: Any) -> Mention:
    """Return a mention of the post at that offset, one second after the one before."""
    mention = Mention(
        schema_version=1,
        id=f"test:{offset}",
        source="test",
        created_at_ms=BASE_MS + offset * 1_000,
        language="tr",
        language_confidence=0.9,
        tags=tags,
        terms=tuple(Term(tag, tag, 0, 3) for tag in tags),
        lexicon_version="lex-1",
        detector_version="det-1",
        source_partition=0,
        source_offset=offset,
    )
    return msgspec.structs.replace(mention, **values)
