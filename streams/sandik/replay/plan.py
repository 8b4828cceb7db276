"""What a replay counts. The same plan gives the same bytes."""

from typing import Annotated, Literal

import msgspec
from pydantic import ValidationError

from sandik.counting.job import Job
from sandik.counting.reposts import Reposts
from sandik.counting.tags.layers import resolved
from sandik.counting.windows.derived_sizes import DerivedSizes
from sandik.counting.windows.final_and_late import Timing
from sandik.counting.windows.panes import Kind
from sandik.errors import UsageError
from sandik.kafka.ranges import Partition, Slice, is_inside
from sandik.run_identity import load_job
from sandik.settings import AuthorsChoice, Settings, TermsChoice

By = Literal["event", "record"]
#: What a replay writes: the counts, and beside them what else its rules ask for.
What = Literal["counts", "terms", "sources"] | Kind
# Limits of a plan in a file: far beyond real use, and small enough to avoid overflows.
TimeMs = Annotated[int, msgspec.Meta(ge=-(2**62), le=2**62)]
DurationMs = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
Size = Annotated[int, msgspec.Meta(ge=0, le=2**62)]
Sha256 = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
#: The most partitions for files: each is an open file while reading.
MAX_PARTITIONS = 1_000
#: The most hopping windows of one post.
MAX_ADVANCES = 100_000
_NAMED_ALIKE = ("reposts", "authors", "terms", "top_terms", "sources", "detector", "lexicon")


class Rules(msgspec.Struct, frozen=True):
    """Everything that counts depend on besides the posts. `lexicon`: its layers; None is the built-in one."""

    run_id: str
    lexicon_version: str
    detector_version: str
    window_size_ms: DurationMs
    max_disorder_ms: DurationMs
    allowed_lateness_ms: DurationMs
    max_ahead_ms: DurationMs
    dedupe: bool
    detector: str
    lexicon: str | None
    reposts: Reposts = "count"
    authors: AuthorsChoice = "off"
    terms: TermsChoice = "off"
    top_terms: Size = 10
    sources: str = ""

    @classmethod
    def of(cls, settings: Settings, job: Job) -> "Rules":
        """Return the rules of these settings."""
        named_alike = {name: getattr(settings, name) for name in ("max_ahead_ms", "dedupe", *_NAMED_ALIKE)}
        return cls(
            run_id=job.run_id,
            lexicon_version=job.tagger.version,
            detector_version=job.detector.version,
            **job.timing._asdict(),
            **(named_alike | {"lexicon": resolved(settings.lexicon)}),
        )

    @property
    def timing(self) -> Timing:
        """The rules of event time."""
        return Timing(self.window_size_ms, self.max_disorder_ms, self.allowed_lateness_ms)

    def settings(self, present: Settings) -> Settings:
        """Return the present settings with these rules. UsageError if the settings do not allow them."""
        names = ("window_size_ms", "max_disorder_ms", "allowed_lateness_ms", "max_ahead_ms", "dedupe")
        update = {name: getattr(self, name) for name in (*names, *_NAMED_ALIKE)}
        update |= msgspec.structs.asdict(DerivedSizes())  # the workers' sizes may not fit these windows
        try:
            return Settings.model_validate({**present.model_dump(), **update})
        except ValidationError as error:
            wrong = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
            raise UsageError(f"sandik cannot count by its rules: {wrong}") from error

    def job(self, present: Settings) -> Job:
        """Load the job of these rules.

        Raises:
            UsageError: the lexicon or the detector has changed since.
        """
        job = load_job(self.settings(present))
        for what, was, is_now in (
            ("lexicon", self.lexicon_version, job.tagger.version),
            ("detector", self.detector_version, job.detector.version),
        ):
            if was != is_now:
                raise UsageError(
                    f"the {what} was {was} and is {is_now} now: the counts would differ. Use the sandik "
                    f"and the {what} of that time, or replay again and compare both with `sandik diff`"
                )
        return job


class Input(msgspec.Struct, frozen=True):
    """A file that was read."""

    name: str
    size_bytes: Size
    sha256: Sha256


class Plan(msgspec.Struct, frozen=True):
    """A range of posts and the rules to count them by.

    Either `topic` or `inputs` is given. `partitions` is the number of the topic, or the number that files are
    divided into. `ingested_at_ms` is the record timestamp of posts from files. Windows from `whole_from_ms`
    on have all their posts in the range; None if all windows have.
    """

    rules: Rules
    by: By
    from_ms: TimeMs | None
    to_ms: TimeMs | None
    finals_only: bool
    partitions: Partition
    slices: list[Slice]
    topic: str | None = None
    broker: str | None = None
    inputs: list[Input] = []
    reading: dict[str, str] = {}
    ingested_at_ms: TimeMs | None = None
    whole_from_ms: TimeMs | None = None
    spans: DerivedSizes = DerivedSizes()

    @property
    def outputs(self) -> list[What]:
        """What is written, the counts first."""
        return outputs_of(self.spans, self.rules.terms, self.rules.sources)

    def wrong(self) -> str | None:
        """Return what is wrong with it, if anything. It may come from an untrusted file."""
        if (self.topic is None) != bool(self.inputs):
            return "it must have either a topic or inputs"
        if not self.slices or [one.partition for one in self.slices] != list(range(len(self.slices))):
            return "its slices must be those of partitions 0, 1, 2 and so on, each once"
        if self.partitions != len(self.slices):
            return f"it has {self.partitions} partitions and {len(self.slices)} slices"
        if self.inputs and self.partitions > MAX_PARTITIONS:
            return f"files are spread over {MAX_PARTITIONS} partitions at most"
        if any(one.start > one.end for one in self.slices):
            return "a slice must not end before it starts"
        if not self.rules.window_size_ms:
            return "its windows must have a size"
        if self.spans.hopping_size_ms > MAX_ADVANCES * self.spans.hopping_advance_ms:
            return f"a hopping window must not be longer than {MAX_ADVANCES:,} advances"
        return self.spans.wrong(self.rules.window_size_ms)

    def wants(self, window_start_ms: int) -> bool:
        """Return whether the plan includes this window: by event time, only windows inside the range."""
        if self.by == "record":
            return True
        end_ms = window_start_ms + self.rules.window_size_ms
        return is_inside(window_start_ms, end_ms, self.from_ms, self.to_ms)

    def holds(self, kind: Kind, start_ms: int, end_ms: int) -> bool:
        """Return whether a derived window is inside the range; a session must not be able to leave it."""
        if self.by == "record":
            return True
        reach_ms = self.spans.session_gap_ms if kind == "sessions" else 0
        return is_inside(start_ms - reach_ms, end_ms + reach_ms, self.from_ms, self.to_ms)

    def is_past(self, settled_ms: int) -> bool:
        """Return whether later records of a partition cannot change any window of the plan.

        `settled_ms`: windows that end at or before it are settled in that partition.
        """
        return self.by == "event" and self.to_ms is not None and settled_ms >= self.to_ms


def outputs_of(spans: DerivedSizes, terms: TermsChoice, sources: str) -> list[What]:
    """Return what a replay of these rules writes, the counts first."""
    asked: dict[What, bool] = {"terms": terms != "off", "sources": bool(sources)}
    return ["counts", *spans.kinds, *(what for what, is_asked in asked.items() if is_asked)]
