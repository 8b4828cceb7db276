"""mention v1: a post that carries a tag, with where each term stands, on the topic `mentions`."""

import msgspec

SCHEMA_VERSION = 1

#: A mention has the first terms of its post, at most this many: all of them may not fit into a record.
MAX_TERMS = 1_000


class Term(msgspec.Struct, frozen=True, omit_defaults=True):
    """One match: `text[start:end]` of the post's original text, counted in characters (code points).

    With `is_sum`, `term` names a sum of words of which none is enough: leave it out of lists of
    terms. It is left out of records where it is false.
    """

    term: str
    tag: str
    start: int
    end: int
    is_sum: bool = False


class Mention(msgspec.Struct, frozen=True):
    """A tagged post, without its text: `posts` holds that at `source_partition` and `source_offset`.

    `languages` are those of the post, one or two; `language` has both as one, `ru+tr`, as the post's cell in
    `counts` does. Records of older versions lack `languages`.
    """

    schema_version: int
    id: str
    source: str
    created_at_ms: int
    language: str
    language_confidence: float
    tags: tuple[str, ...]
    terms: tuple[Term, ...]
    lexicon_version: str
    detector_version: str
    source_partition: int
    source_offset: int
    languages: tuple[str, ...] = ()
