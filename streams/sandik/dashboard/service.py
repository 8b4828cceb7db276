"""What a dashboard holds, and its answers to the requests; no HTTP here."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from itertools import groupby
from typing import Any, TypeVar

import msgspec
from aiokafka import ConsumerRecord

from sandik.clock import Clock
from sandik.counting.control_state import ControlState
from sandik.counting.fold import ALL
from sandik.counting.source_names import OTHER, SourceNames
from sandik.dashboard import api_types
from sandik.dashboard.api_types import SCHEMA_VERSION, parse_query
from sandik.dashboard.feed import bursts_feed
from sandik.dashboard.notes import Note
from sandik.errors import SandikError, UsageError
from sandik.figures.corrected import Accuracy, Estimate
from sandik.figures.examples import Asked, Examples
from sandik.figures.headline import headline
from sandik.figures.language_names import NAMES, check_known, did_you_mean, language_code
from sandik.figures.live_counts import Model
from sandik.figures.rollup import AUTO, EVERY, Query, changed_rows, rows, share_base
from sandik.figures.suited_step import suited_query, suited_step_ms
from sandik.figures.where import by_language, by_source
from sandik.kafka.follow import Follower, readable
from sandik.kafka.post_texts import Text, Texts
from sandik.kafka.record_counts import records_in
from sandik.kafka.topics import CONTROL, COUNTS, COUNTS_SOURCES, MENTIONS, POSTS, POSTS_DLQ
from sandik.lexicon_tools.measured import measured, measured_detector
from sandik.settings import Settings
from sandik_schemas.control import Control
from sandik_schemas.count import Count
from sandik_schemas.mention import Mention

#: Answers that are kept while nothing changes: a hundred readers of one page mostly ask the same.
_KEPT_ANSWERS = 64
#: A mention is written after its post was, whose clock may be wrong by so much.
_MENTION_SLACK_MS = 600_000

#: How often Kafka is asked how many posts and dead letters there are.
_LETTERS_EVERY_S = 60.0
_LETTERS_SOON_S = 5.0

Found = TypeVar("Found")

_decode_count = msgspec.json.Decoder(Count).decode
_decode_mention = msgspec.json.Decoder(Mention).decode
_decode_control = msgspec.json.Decoder(Control).decode


class Board:
    """The model, the examples, and who reads them from Kafka. `tell` gets a line about each trouble."""

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        *,
        from_ms: int | None,
        hides_texts: bool,
        tell: Callable[[str], None],
        notes: tuple[Note, ...] = (),
        accuracy: Accuracy | None = None,
    ) -> None:
        self._notes, self._accuracy = notes, accuracy
        self._settings = settings
        #: None until Kafka has said how many there are.
        self.letters: api_types.Letters | None = None
        self.model, self.examples = Model(), Examples()
        self._clock, self._tell, self._from_ms = clock, tell, from_ms or 0
        self._texts = None if hides_texts else Texts(settings)
        self._kept: OrderedDict[Any, bytes] = OrderedDict()
        self._change = asyncio.Event()
        mentions_from_ms = None if from_ms is None else from_ms - _MENTION_SLACK_MS
        self.counts = self._follower(COUNTS, from_ms, self._take_counts, self._clear_counts)
        self.sources = self._follower(COUNTS_SOURCES, from_ms, self._take_sources, self._clear_sources)
        #: Set once the run in force is known to count by source.
        self._tells_sources = asyncio.Event()
        self.mentions = self._follower(MENTIONS, mentions_from_ms, self._take_mentions, self._clear_mentions)
        self._control = ControlState()
        self.control = self._follower(CONTROL, None, self._take_control, self._clear_control)

    async def run(self) -> None:
        """Read the topics until cancelled."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self.counts.run())
                group.create_task(self._read_sources())
                group.create_task(self.mentions.run())
                group.create_task(self.control.run())
                group.create_task(self._count_letters())
        finally:
            if self._texts:
                await self._texts.close()

    async def _read_sources(self) -> None:
        await self._tells_sources.wait()  # without the setting there is no such topic, and nothing is wrong
        await self.sources.run()

    async def _count_letters(self) -> None:
        topics = [self._settings.topic(name) for name in (POSTS, POSTS_DLQ)]
        while True:
            before = self.letters
            try:
                self.letters = api_types.Letters(*await records_in(self._settings, topics))
            except SandikError:
                self.letters = None  # the topics may be forbidden, or Kafka is away: the followers tell
            if self.letters != before:
                self.notify()
            is_empty = self.letters is None or not self.letters.posts
            await asyncio.sleep(_LETTERS_SOON_S if is_empty else _LETTERS_EVERY_S)

    async def wait(self, timeout_s: float) -> None:
        """Return when anything has changed since the call, or after `timeout_s`."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._change.wait()
        except TimeoutError:
            pass

    def notify(self) -> None:
        """Wake all that wait."""
        self._change.set()
        self._change = asyncio.Event()

    def counts_answer(self, query: Query) -> bytes:
        """Return the rows as JSON; UsageError when there are too many."""
        return self._once(
            ("counts", query, self.model.version),
            lambda: rows(self.model.cells_of(query.sources), query),
            query,
        )

    def changes_answer(self, query: Query, since: int) -> bytes:
        """Return the rows that have changed since as JSON; UsageError when there are too many."""
        key = "changes", query, self.model.version, since
        return self._once(key, lambda: changed_rows(self.model.cells_of(query.sources), query, since), query)

    def bursts_answer(self, query: Query, page: str, address: str) -> bytes:
        """Return the bursts as an Atom feed; UsageError when there are too many rows."""
        return bursts_feed(rows(self.model.cells_of(query.sources), query), page, address, query.sources)

    def headline_answer(self, query: Query) -> bytes:
        """Return the figure of the whole span as JSON."""
        return self._keep(("headline", query, self.model.version), lambda: self._headline(query))

    def _headline(self, query: Query) -> api_types.Headline:
        found = headline(self.model.cells_of(query.sources), query)
        now = found.now
        corrected = self._corrected(query, now.posts)
        posts, size_ms = now.posts.get(share_base(query.pair), 0), self.model.cells.window_size_ms
        suited_ms = suited_step_ms(size_ms, now.to_ms - now.from_ms, posts)
        version = str(self.model.version)
        return api_types.Headline(SCHEMA_VERSION, version, query.pair, *found, corrected, suited_ms)

    def _corrected(self, query: Query, posts: Mapping[str, int]) -> Estimate | None:
        model, accuracy = self.model, self._accuracy
        pair = query.pair
        if accuracy is None or pair is None or query.sources or len(query.among) > 1:
            return None  # strata of several languages, or of all sources, are no sample of what is asked for
        own = {accuracy.lexicon_version}, {accuracy.detector_version}
        if (model.lexicon_versions, model.detector_versions) != own:
            return None
        [language] = query.among or [EVERY]
        sample = accuracy.of(language)
        if pair.base == ALL:
            return sample.share(pair.name, posts.get(pair.name, 0), posts.get(ALL, 0))
        return sample.share_of(pair, posts)

    def status(self) -> api_types.Status:
        """Return how things are now."""
        model, cells, now_ms = self.model, self.model.cells, self._clock.now_ms()
        return api_types.Status(
            schema_version=SCHEMA_VERSION,
            version=str(model.version),
            now_ms=now_ms,
            counts=api_types.Reading.of(self.counts.link),
            by_source=api_types.Reading.of(self.sources.link) if self._named_sources() else None,
            mentions=api_types.Reading.of(self.mentions.link),
            last_count_at_ms=model.last_count_at_ms,
            stale_since_ms=model.stale_since_ms(now_ms),
            stalled_since_ms=model.stalled_since_ms(),
            first_ms=cells.first_ms,
            last_ms=cells.last_ms,
            watermark_ms=cells.watermark_ms,
            window_size_ms=cells.window_size_ms,
            other_window_sizes_ms=model.other_window_sizes_ms,
            paused_partitions=self._control.paused_partitions,
            lexicon_versions=sorted(model.lexicon_versions),
            measured=self._of_one(model.lexicon_versions, measured) or (),
            measured_detector=self._of_one(model.detector_versions, measured_detector),
            letters=self.letters,
            examples_version=self.examples.version,
            texts=self._texts is not None,
            tags=cells.tags,
            notes=self._notes,
            pairs=self.model.pairs,
            languages=[api_types.Language(code, cells.posts(code)) for code in cells.languages],
            sources=self._named_sources(),
        )

    @staticmethod
    def _of_one(versions: set[str], find: Callable[[str], Found]) -> Found | None:
        return find(*versions) if len(versions) == 1 else None

    def where_answer(self, query: Query, by: api_types.By, most: int) -> bytes:
        """Return the languages or sources of a span as JSON, those with the most posts first."""
        key = "where", query, by, most, self.model.version, self.examples.version
        return self._keep(key, lambda: self._where(query.now(self.model.cells), by, most))

    def _where(self, query: Query, by: api_types.By, most: int) -> api_types.Where:
        origin: api_types.Origin
        model = self.model
        if by == "source" and not model.sources.totals:
            watermark_ms = model.cells.watermark_ms
            posts = self.examples.by_source  # of all languages together
            found = [] if query.among else posts.parts(query, most, model.pairs, watermark_ms)
            origin = "mentions"
        elif by == "source":
            origin, found = "counts.sources", by_source(model.sources, query, most)
        else:
            origin = "counts.sources" if query.sources else "counts"
            found = by_language(model.cells_of(query.sources), query, most)
        version, from_ms = str(model.version), query.from_ms
        return api_types.Where(SCHEMA_VERSION, version, origin, query.rollup_ms, from_ms, found)

    def query(self, values: Mapping[str, str]) -> Query:
        """Return what the parameters of a request ask for.

        Raises:
            UsageError: one is not what it must be, or names what is not there.
        """
        model = self.model
        query = parse_query(values, model.cells.window_size_ms, model.pairs)
        self.check_sources(query.sources)
        self.check_tags(query.tags if query.pair is None else query.tags.union(query.pair.of))
        languages, among = self._codes(query.languages), self._codes(query.among)
        query = query._replace(languages=languages, among=among)
        return query if query.rollup_ms != AUTO else suited_query(model.cells_of(query.sources), query)

    def _codes(self, asked: frozenset[str]) -> frozenset[str]:
        """Return the codes of languages, which may be asked for by name."""
        cells = self.model.cells
        found = {*cells.languages, *(group.language for group in cells.totals)}
        codes = frozenset(one if one in (EVERY, *found) else language_code(one) for one in asked)
        if cells.last_ms is not None:
            check_known("the language", codes - {EVERY}, found, NAMES)
        return codes

    def check_sources(self, asked: frozenset[str]) -> None:
        """Raise UsageError for a source that is not counted apart: its posts are among those of others."""
        known = self._named_sources()
        if asked and known and not self.model.sources.totals:
            raise UsageError(
                f"{self.sources.topic} has not been read ({self.sources.link.state}): ask again later"
            )
        for one in sorted(asked):
            if one not in known:  # other channels of that source would be in `other`, and missed
                there = f"There are: {', '.join(known)}" if known else "None is: set SANDIK_SOURCES"
                raise UsageError(f"source {one} is not counted apart{did_you_mean(one, known)} {there}")

    def check_tags(self, asked: frozenset[str]) -> None:
        """Raise UsageError for a tag that neither the counts nor the run know: 0 posts would be no answer."""
        model = self.model
        known = {ALL, *model.cells.tags}.union(*((pair.name, pair.base, *pair.of) for pair in model.pairs))
        if model.cells.last_ms is not None:
            check_known("the tag", asked, known)

    def _named_sources(self) -> list[str]:
        """Return the sources that are counted apart, `other` last; none if none is."""
        owner = self._control.owner
        names = SourceNames.parse(str(owner.rules.get("sources", ""))) if owner else None
        found = {*self.model.sources.sources, *(names.names if names else ())}
        return [*sorted(found - {OTHER}), OTHER] if found else []

    def terms_answer(self, query: Query, limit: int) -> bytes:
        """Return the top terms as JSON."""
        query = query.now(self.model.cells)
        found = self.examples.top_terms(self._of_mentions(query), limit)
        return msgspec.json.encode(api_types.Terms(SCHEMA_VERSION, found))

    async def posts_answer(self, query: Query, limit: int) -> bytes:
        """Return the newest posts as JSON, with their texts unless the operator hides them."""
        query = query.now(self.model.cells)
        found = self.examples.newest(self._of_mentions(query), limit)
        texts = await self._texts.of(found) if self._texts else None
        shown = [_example(mention, texts) for mention in found]
        return msgspec.json.encode(api_types.Posts(SCHEMA_VERSION, shown))

    def _of_mentions(self, query: Query) -> Asked:
        """Return what mentions are asked for: they tell sources, but not channels."""
        own = {one.partition("/")[0] for one in query.sources}
        named = {one.partition("/")[0] for one in self._named_sources()}

        def is_from(source: str) -> bool:
            return not own or source in own or (OTHER in own and source not in named)

        return Asked(query.languages, query.tags, query.from_ms, query.to_ms, is_from)

    def _once(self, key: Any, make: Callable[[], list[Any]], query: Query) -> bytes:
        model = self.model
        return self._keep(
            key,
            lambda: api_types.Counts(
                SCHEMA_VERSION,
                str(model.version),
                model.cells.window_size_ms,
                query.rollup_ms,
                query.now(model.cells_of(query.sources)).from_ms,
                model.cells.watermark_ms,
                make(),
            ),
        )

    def _keep(self, key: Any, make: Callable[[], Any]) -> bytes:
        if key not in self._kept:
            self._kept[key] = msgspec.json.encode(make())
            while len(self._kept) > _KEPT_ANSWERS:
                self._kept.popitem(last=False)
        return self._kept[key]

    def _follower(self, topic: str, from_ms: int | None, take: Any, clear: Any) -> Follower:
        name = self._settings.topic(topic)
        return Follower(self._settings, name, from_ms, self._clock, take, clear, self._told)

    def _told(self, line: str) -> None:
        self._tell(line)
        self.notify()

    def _take_counts(self, records: list[ConsumerRecord]) -> None:
        model = self.model
        self._take(records, lambda counts: model.add(counts, self._clock.now_ms()), model.remove)

    def _take_sources(self, records: list[ConsumerRecord]) -> None:
        self._take(records, self.model.add_sources, self.model.remove_sources)

    def _take(
        self,
        records: list[ConsumerRecord],
        add: Callable[[Iterable[Count]], bool],
        remove: Callable[[Iterable[bytes | None]], bool],
    ) -> None:
        has_changed = False
        # In their order: what another run counts comes after the cells that it replaces.
        for is_deleted, some in groupby(records, lambda record: record.value is None):
            if is_deleted:
                has_changed |= remove([record.key for record in some])
            else:
                counts = readable(some, _decode_count, self._tell)
                # Behind the first record of that time older windows may be written again, but not whole.
                wanted = (one for one in counts if one.window_start_ms >= self._from_ms)
                has_changed |= add(wanted)
        if has_changed:
            self.notify()

    def _take_mentions(self, records: list[ConsumerRecord]) -> None:
        self.examples.add(readable(records, _decode_mention, self._tell))
        self.notify()

    def _take_control(self, records: list[ConsumerRecord]) -> None:
        for record in records:
            if record.value is None:
                self._control.take(record.key, None)
            else:
                for one in readable([record], _decode_control, self._tell):
                    self._control.take(record.key, one)
        if self._control.owner:
            self.examples.pairs = self._control.owner.pairs
            self.model.set_pairs(self._control.owner.pairs)
            if self._control.owner.rules.get("sources"):
                self._tells_sources.set()
        self.notify()

    def _clear_control(self) -> None:
        self._control = ControlState()
        self.notify()

    def _clear_counts(self) -> None:
        self.model.clear()
        self.notify()

    def _clear_sources(self) -> None:
        self.model.clear_sources()
        self.notify()

    def _clear_mentions(self) -> None:
        self.examples.clear()
        if self._texts:
            self._texts.forget()
        self.notify()


def _example(mention: Mention, texts: Mapping[tuple[int, int], Text | None] | None) -> api_types.ExamplePost:
    place = mention.source_partition, mention.source_offset
    found = texts.get(place) if texts else None
    if texts is None:
        state = "hidden"
    elif place not in texts:
        state = "unknown"
    else:
        state = "gone" if found is None else "shown"
    terms: list[dict[str, str | int]] = [
        {"term": one.term, "tag": one.tag, "start": one.start, "end": one.end} for one in mention.terms
    ]
    if state == "hidden":  # what matched is a piece of the text, and its place says how long that is
        terms = []
    return api_types.ExamplePost(
        mention.id,
        mention.source,
        mention.created_at_ms,
        mention.language,
        list(mention.tags),
        terms,
        found.text if found else None,
        state,
        found.url if found else None,
    )
