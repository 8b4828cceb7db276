"""The whole job: decode -> language -> tags -> fold. Pure; workers, replay and annotate all call it."""

from bisect import bisect_left
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

import msgspec

from sandik.counting.decode import Decoded, Rejected, decode_all
from sandik.counting.dedupe import id_hash
from sandik.counting.fingerprint import fingerprint
from sandik.counting.fold import NO_FLOOR, Changes, Group, PostColumns, cell_tags, fold
from sandik.counting.language import Detector, Hints, Language
from sandik.counting.recent_texts import Repeats
from sandik.counting.reposts import Reposts
from sandik.counting.source_names import SourceNames
from sandik.counting.state import PartitionState
from sandik.counting.tags import Tagger, tags_of
from sandik.counting.terms import terms_of_posts
from sandik.counting.windows.final_and_late import Timing
from sandik_schemas.languages import languages_in
from sandik_schemas.mention import MAX_TERMS, SCHEMA_VERSION, Mention, Term
from sandik_schemas.partial import AuthorsPartial, PartitionClock
from sandik_schemas.post import MAX_TEXT_CHARS, Post

#: Called with the name of each step when it is done, so that a caller with a clock can time it.
Lap = Callable[[str], None]


def no_lap(step: str) -> None:
    """Time nothing."""


class SourceRecord(Protocol):
    """One record of `posts` as Kafka delivered it. `timestamp` is the ingest time in ms UTC."""

    @property
    def offset(self) -> int: ...  # noqa: D102
    @property
    def timestamp(self) -> int: ...  # noqa: D102
    @property
    def value(self) -> bytes | None: ...  # noqa: D102


class Authors(Protocol):
    """Counts authors, if asked for: `counting.authors.sketches`, which needs one more package."""

    def added(
        self,
        clock: PartitionClock,
        columns: PostColumns,
        posts: Sequence[Post],
        uncounted: Collection[int],
        timing: Timing,
    ) -> list[AuthorsPartial]:
        """Return what a batch adds to the authors of windows. `uncounted`: offsets that are left out."""


class Annotation(msgspec.Struct, frozen=True, gc=False):
    """Language, terms and tags of one text. `group`: where a post with that text is counted."""

    language: Language
    terms: tuple[Term, ...]
    tags: tuple[str, ...]
    group: Group


@dataclass(frozen=True)
class Job:
    """Everything besides the posts that counts depend on: the same job gives the same counts."""

    run_id: str
    timing: Timing
    max_ahead_ms: int
    dedupe: bool
    detector: Detector
    tagger: Tagger
    reposts: Reposts = "count"
    authors: Authors | None = None
    terms: bool = False
    #: The sources that are counted by name; without them no source is.
    sources: SourceNames | None = None
    _repeats: Repeats[Annotation] = field(default_factory=Repeats, init=False, repr=False, compare=False)
    #: By language and tags: asked for every text. Texts that are remembered share them.
    _groups_of: dict[tuple[str, tuple[str, ...]], Group] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def annotate(
        self,
        texts: Sequence[str],
        hints: Hints | None = None,
        lap: Lap = no_lap,
        times_ms: Sequence[int | None] | None = None,
    ) -> list[Annotation]:
        """Return language, terms and tags of each text, in order. `hints`: its `lang_hint`, or None.

        `times_ms`: when each was posted, for entries that count on some days only; without it they count.
        """

        def work_out(new: list[int]) -> list[Annotation]:
            some = [texts[index][:MAX_TEXT_CHARS] for index in new]  # a record may be all terms
            languages = self.detector.detect(some, [hints[index] for index in new] if hints else None)
            lap("language")
            some_ms = [times_ms[index] for index in new] if times_ms else None
            terms = self.tagger.terms(some, [language.code for language in languages], some_ms)
            return [*map(self.annotation, languages, terms)]

        marks = self.tagger.eras.marks(hints, times_ms, len(texts)) if self.tagger.eras else hints
        annotations = self._repeats.answers(texts, marks, work_out)
        lap("tags")
        return annotations

    def annotation(self, language: Language, terms: tuple[Term, ...]) -> Annotation:
        """Return what these say about a text."""
        tags = tags_of(terms) if terms else ()
        key = language.code, tags
        if (group := self._groups_of.get(key)) is None:
            group = self._groups_of[key] = language.code, cell_tags(tags, self.tagger.pairs)
        return Annotation(language, terms, tags, group)

    def count(self, state: PartitionState, records: Sequence[SourceRecord], lap: Lap = no_lap) -> "Counted":
        """Count one batch: consecutive records of one partition, of which some may have been read before.

        Does not change the state; `Counted.changes` has the changes.
        """
        if records and records[0].offset <= state.clock.offset:
            records = [record for record in records if record.offset > state.clock.offset]
        before = state.clock
        decoded = decode_all(
            [record.value for record in records], [record.timestamp for record in records], self.max_ahead_ms
        )
        posts, at = self._to_count(decoded)
        to_count = records if len(at) == len(records) else [*map(records.__getitem__, at)]
        offsets = [record.offset for record in to_count]
        rejected = [(records[index].offset, one) for index, one in decoded.rejected]
        lap("decode")
        times_ms = [post.created_at_ms for post in posts]
        annotations = self.annotate(
            [post.text for post in posts], [post.lang_hint for post in posts], lap, times_ms
        )
        groups = self._groups(posts, annotations)
        columns = PostColumns(
            offsets,
            times_ms,
            groups,
            [id_hash(post.id) for post in posts] if self.dedupe else None,
            rejected=sum(one.records for _, one in decoded.rejected),
            ignored=len(decoded.posts) - len(posts),
            last_offset=records[-1].offset if records else before.offset,
            rejected_in_a_row=_row_at_end(decoded.rejected, len(records), before.rejected_in_a_row),
            fingerprint=fingerprint(records[-1]) if records else before.fingerprint,
            floors_ms=self._floors_ms(decoded, at),
            names_author=[bool(post.author_id) for post in posts] if self.authors else None,
            terms=terms_of_posts(groups, [one.terms for one in annotations]) if self.terms else None,
            sources=[*map(self.sources.of, posts)] if self.sources else None,
        )
        changes = fold(state, columns, self.timing)
        uncounted = {late.offset for late in changes.late}.union(changes.duplicate_offsets)
        if self.authors is not None:
            added = self.authors.added(before, columns, posts, uncounted, self.timing)
            changes = changes._replace(authors=added)
        mentions = [
            self._mention(before.partition, offset, post, annotation)
            for offset, post, annotation in zip(offsets, posts, annotations, strict=True)
            if annotation.tags and offset not in uncounted
        ]
        lap("fold")
        return Counted(changes, mentions, rejected)

    def _to_count(self, decoded: Decoded) -> tuple[Sequence[Post], Sequence[int]]:
        """Return the posts that are counted, and their places in the batch. Edits, for example, are not."""
        counts_reposts = self.reposts != "exclude"
        kept = [
            index
            for index, post in enumerate(decoded.posts)
            if post.op == "create" and (counts_reposts or post.repost_of is None)
        ]
        if len(kept) == len(decoded.posts):
            return decoded.posts, decoded.at
        return [decoded.posts[index] for index in kept], [decoded.at[index] for index in kept]

    def _floors_ms(self, decoded: Decoded, at: Sequence[int]) -> Sequence[int] | None:
        """Return the minimum of the clock before each counted post and at the end of the batch.

        A mark says that windows up to its time are complete: it moves the clock to where they are final.
        None if there is no mark, which is the usual case.
        """
        if len(at) == len(decoded.posts):
            return None
        floors_ms = [NO_FLOOR] * (len(at) + 1)
        is_closed = False
        for post, place in zip(decoded.posts, decoded.at, strict=True):
            if post.op == "close":
                is_closed = True
                follows = bisect_left(at, place)
                clock_ms = self.timing.clock_ms(post.created_at_ms)
                floors_ms[follows] = max(floors_ms[follows], clock_ms)
        return floors_ms if is_closed else None

    def _groups(self, posts: Sequence[Post], annotations: Sequence[Annotation]) -> Sequence[Group]:
        groups = [annotation.group for annotation in annotations]
        if self.reposts == "apart":
            for index, (post, annotation) in enumerate(zip(posts, annotations, strict=True)):
                if post.repost_of is not None:
                    language, tags = annotation.language.code, annotation.tags
                    groups[index] = language, cell_tags(tags, self.tagger.pairs, is_apart=True)
        return groups

    def _mention(self, partition: int, offset: int, post: Post, annotation: Annotation) -> Mention:
        return Mention(
            schema_version=SCHEMA_VERSION,
            id=post.id,
            source=post.source,
            created_at_ms=post.created_at_ms,
            language=annotation.language.code,
            language_confidence=annotation.language.confidence,
            tags=annotation.tags,
            terms=annotation.terms[:MAX_TERMS],
            lexicon_version=self.tagger.version,
            detector_version=self.detector.version,
            source_partition=partition,
            source_offset=offset,
            languages=languages_in(annotation.language.code),
        )


def _row_at_end(rejected: Sequence[tuple[int, Rejected]], records: int, before: int) -> int:
    """Return how many records up to the end of a batch were rejected in a row; `before`: right before it."""
    row, follows = before, 0
    for place, _ in rejected:
        row = row + 1 if place == follows else 1
        follows = place + 1
    return row if follows == records else 0


class Counted(NamedTuple):
    """The outcome of one batch. `changes.clock.tally` accounts for every record read."""

    changes: Changes
    mentions: list[Mention]
    rejected: list[tuple[int, Rejected]]
