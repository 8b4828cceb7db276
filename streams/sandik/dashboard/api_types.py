"""What `/api` answers: the types of `api.v1.schema.json`."""

from collections.abc import Callable, Mapping, Sequence
from typing import Literal

import msgspec

from sandik.counting.fold import ALL
from sandik.dashboard.notes import Note
from sandik.errors import UsageError
from sandik.figures.corrected import Estimate
from sandik.figures.examples import TopTerm
from sandik.figures.headline import Change, Figure, Usual
from sandik.figures.language_names import did_you_mean
from sandik.figures.rollup import AUTO, Query, Row
from sandik.figures.where import Part
from sandik.kafka.follow import Link
from sandik.kafka.ranges import duration_ms, instant_ms
from sandik.lexicon_tools.measured import MeasuredDetector, OneMeasured
from sandik_schemas.pair import Pair

SCHEMA_VERSION = 1
#: Maximum length of a source in a query: with its channel, which may be the address of a feed.
SOURCE_LETTERS = 512
DEFAULT_ROLLUP_MS = 60_000
MOST_ROLLUP_MS = 366 * 86_400_000
MOST_MS = 1 << 53
#: What counts are asked for by, and what each address takes.
_COUNTS = ("rollup_ms", "language", "tag", "among", "source", "share", "from_ms", "to_ms", "span_ms")
PARAMETERS: dict[str, tuple[str, ...]] = {
    "/api/counts": _COUNTS,
    "/api/headline": _COUNTS,
    "/api/posts": (*_COUNTS, "limit"),
    "/api/terms": (*_COUNTS, "limit"),
    "/api/where": (*_COUNTS, "limit", "by"),
    "/api/status": (),
    "/api/bursts.atom": _COUNTS,
    "/api/stream": (*_COUNTS, "since"),
    "/api/schema": (),
    "/api/openapi.json": (),
}
_LISTS = ("language", "tag", "among", "source")

Origin = Literal["counts", "counts.sources", "mentions"]
By = Literal["language", "source"]


class Counts(msgspec.Struct, frozen=True):
    """`/api/counts`, and the event `rows` of `/api/stream`, which has only the rows that have changed.

    The rows are sums of the windows that start at `from_ms` or later. A row is final when it has nothing in
    `current` and `watermark_ms` has reached its `end_ms`.
    """

    schema_version: int
    version: str
    window_size_ms: int
    rollup_ms: int
    from_ms: int
    watermark_ms: int | None
    rows: list[Row]


class Where(msgspec.Struct, frozen=True):
    """`/api/where`: the parts with the most posts first.

    `origin` is the topic that tells the parts apart: `counts`, `counts.sources`, or `mentions`, which has the
    posts with a tag alone, of all languages.
    """

    schema_version: int
    version: str
    origin: Origin
    rollup_ms: int
    from_ms: int
    parts: list[Part]


class Headline(msgspec.Struct, frozen=True):
    """`/api/headline`: the figure of all posts of a span, and what it is to be compared with."""

    schema_version: int
    version: str
    pair: Pair | None
    now: Figure
    before: Figure | None
    change: Change | None
    within: Change | None
    usual: Usual | None
    current: int
    late: int
    corrected: Estimate | None
    rollup_ms: int


class Letters(msgspec.Struct, frozen=True):
    """How many records `posts` and `posts.dlq` have: of so many, those were rejected."""

    posts: int
    rejected: int


class Reading(msgspec.Struct, frozen=True):
    """How the reading of one topic goes."""

    state: str
    since_ms: int
    progress: float

    @classmethod
    def of(cls, link: Link) -> "Reading":
        """Return the link as it is now."""
        return cls(link.state, link.since_ms, round(link.progress, 3))


class Language(msgspec.Struct, frozen=True):
    """A language that was counted, with its posts by tag over all windows. A post of two is in either."""

    language: str
    posts: dict[str, int]


class Status(msgspec.Struct, frozen=True):
    """`/api/status`, and the event `status` of `/api/stream`."""

    schema_version: int
    version: str
    now_ms: int
    counts: Reading
    by_source: Reading | None
    mentions: Reading
    last_count_at_ms: int | None
    stale_since_ms: int | None
    stalled_since_ms: int | None
    first_ms: int | None
    last_ms: int | None
    watermark_ms: int | None
    window_size_ms: int
    other_window_sizes_ms: list[int]
    paused_partitions: list[int]
    lexicon_versions: list[str]
    measured: tuple[OneMeasured, ...]
    measured_detector: MeasuredDetector | None
    letters: Letters | None
    examples_version: int
    texts: bool
    tags: list[str]
    notes: tuple[Note, ...]
    pairs: tuple[Pair, ...]
    languages: list[Language]
    sources: list[str]


class ExamplePost(msgspec.Struct, frozen=True):
    """A post that carries a tag. `start` and `end` of its terms count code points of `text`.

    `text_state`: `shown`; `hidden` by the operator; `gone` from the topic; `unknown` while Kafka is away.
    """

    id: str
    source: str
    created_at_ms: int
    language: str
    tags: list[str]
    terms: list[dict[str, str | int]]
    text: str | None
    text_state: str
    url: str | None


class Posts(msgspec.Struct, frozen=True):
    """`/api/posts`: the newest first."""

    schema_version: int
    posts: list[ExamplePost]


class Terms(msgspec.Struct, frozen=True):
    """`/api/terms`: the most used first."""

    schema_version: int
    terms: list[TopTerm]


def check_parameters(path: str, asked: Sequence[tuple[str, str]]) -> None:
    """Raise UsageError for a parameter that the address does not take, or that is given twice."""
    known = PARAMETERS.get(path)
    if known is None:  # no address of the API
        return
    names = [name for name, _ in asked]
    for name in names:
        if name not in known:
            there = ", ".join(sorted(known)) or "none"
            raise UsageError(f"there is no parameter {name}{did_you_mean(name, known)} There are: {there}")
        if names.count(name) > 1:
            both = ",".join(value for one, value in asked if one == name)
            raise UsageError(
                f"{name} is given twice: write {f'{name}={both}' if name in _LISTS else 'it once'}"
            )


def parse_pair(values: Mapping[str, str], pairs: tuple[Pair, ...]) -> Pair | None:
    """Return the pair that `share` names; one of its own for a tag, which is of all posts; else the first."""
    name = values.get("share")
    if name is None:
        return next(iter(pairs), None)
    return next((pair for pair in pairs if pair.name == name), Pair(name, (name,), ALL))


def parse_query(values: Mapping[str, str], window_size_ms: int, pairs: tuple[Pair, ...] = ()) -> Query:
    """Return the query that a request asks for; languages as they are written, the roll-up maybe AUTO.

    Bounds inside a window are widened to the whole of it, so that no answer has fewer posts than it says.

    Raises:
        UsageError: a parameter is not what it must be.
    """
    query = Query(
        rollup_ms=_rollup_ms(values, window_size_ms),
        languages=_set(values, "language"),
        tags=_set(values, "tag"),
        from_ms=_instant(values, "from_ms", 0),
        to_ms=_instant(values, "to_ms", MOST_MS),
        span_ms=_number(values, "span_ms", 0, 1, MOST_MS) or None,
        among=_set(values, "among"),
        sources=_set(values, "source", SOURCE_LETTERS),
        pair=parse_pair(values, pairs),
    )
    if query.span_ms and ("from_ms" in values or "to_ms" in values):
        raise UsageError("span_ms ends with the newest window: leave out from_ms and to_ms, or span_ms")
    if query.from_ms > query.to_ms:
        raise UsageError("from_ms is after to_ms: the span ends before it begins")
    from_ms, to_ms = query.from_ms // window_size_ms, -(-query.to_ms // window_size_ms)
    return query._replace(from_ms=from_ms * window_size_ms, to_ms=to_ms * window_size_ms)


def parse_by(values: Mapping[str, str]) -> By:
    """Return what parts are told apart by.

    Raises:
        UsageError: it is neither.
    """
    match values.get("by", "language"):
        case "language" | "source" as by:
            return by
        case _:
            raise UsageError("by must be language or source")


def parse_limit(values: Mapping[str, str], default: int, most: int) -> int:
    """Return how many are asked for.

    Raises:
        UsageError: it is not a number from 1 to `most`.
    """
    return _number(values, "limit", default, 1, most)


def _rollup_ms(values: Mapping[str, str], window_size_ms: int) -> int:
    """Return the length of a bucket in ms, AUTO for the one that suits."""
    text, size_ms = values.get("rollup_ms"), window_size_ms
    if text is None:
        return max(DEFAULT_ROLLUP_MS, size_ms)
    if text == "auto":
        return AUTO
    if not _is_number(text, 1, MOST_ROLLUP_MS):
        hint = _as_ms(text, duration_ms) or "an hour is 3600000"
        raise UsageError(
            f"rollup_ms must be a whole number from 1 to {MOST_ROLLUP_MS}, or auto, not {text!r}: {hint}"
        )
    rollup_ms = int(text)
    if rest_ms := rollup_ms % size_ms:
        near = [str(one) for one in (rollup_ms - rest_ms, rollup_ms - rest_ms + size_ms) if one]
        raise UsageError(f"rollup_ms must be a multiple of the windows' {size_ms} ms: {' or '.join(near)}")
    return rollup_ms


def _instant(values: Mapping[str, str], name: str, default: int) -> int:
    text = values.get(name)
    if text is not None and not _is_number(text, 0, MOST_MS):
        hint = _as_ms(text, lambda one: instant_ms(one, 0)) or "milliseconds since 1970-01-01T00:00Z"
        raise UsageError(f"{name} must be a whole number from 0 to {MOST_MS}, not {text!r}: {hint}")
    return default if text is None else int(text)


def _as_ms(text: str, read: Callable[[str], int | None]) -> str:
    """Return what a text that is no number may mean; "" for nothing."""
    try:
        found = read(text)
    except UsageError:
        return ""
    return f"that is {found}" if found and found > 0 else ""


def _is_number(text: str, least: int, most: int) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 16 and least <= int(text) <= most


def _number(values: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    text = values.get(name)
    if text is None:
        return default
    if not _is_number(text, least, most):
        raise UsageError(f"{name} must be a whole number from {least} to {most}")
    return int(text)


def _set(values: Mapping[str, str], name: str, letters: int = 64) -> frozenset[str]:
    text = values.get(name, "")
    parts = text.split(",") if text else []
    if len(parts) > 100 or not all(0 < len(part) <= letters for part in parts):
        raise UsageError(f"{name} must be a short list with commas between")
    return frozenset(parts)
