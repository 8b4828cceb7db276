"""Every knob: unit, default, effect. Read once from the environment, passed down as a value."""

import tempfile
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from sandik.counting.authors.key import weakness
from sandik.counting.fold import Reposts
from sandik.counting.windows.derived import DerivedSizes

Milliseconds = Annotated[int, Field(ge=0)]
#: Whether the authors of each cell are counted.
AuthorsChoice = Literal["off", "sketch"]
#: Whether the posts that contain each term are counted.
TermsChoice = Literal["off", "count"]
PositiveMilliseconds = Annotated[int, Field(gt=0)]


class Settings(BaseSettings):
    """sandik's settings. The environment variable of a field is SANDIK_ and its name in upper case."""

    # An error must not quote what it complains of: it may be a secret.
    model_config = SettingsConfigDict(env_prefix="SANDIK_", frozen=True, hide_input_in_errors=True)

    broker: str = Field("127.0.0.1:9092", description="Kafka bootstrap servers, host:port, comma separated.")
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        "PLAINTEXT", description="How to speak to Kafka. SASL_SSL wherever others share the network."
    )
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"] = Field(
        "SCRAM-SHA-512", description="How to log in, with a SASL protocol."
    )
    sasl_username: str | None = Field(None, description="Name to log in with.")
    sasl_password: SecretStr | None = Field(
        None, min_length=1, description="Password to log in with. Never printed."
    )
    sasl_token_file: Path | None = Field(
        None,
        description="File with the token to log in with, for OAUTHBEARER. Read anew for every connection, so "
        "that whatever renews the token only has to replace the file.",
    )
    ssl_cafile: Path | None = Field(
        None, description="PEM file of the authorities to trust. Default: those of the system."
    )
    ssl_certfile: Path | None = Field(None, description="PEM file of the client's own certificate.")
    ssl_keyfile: Path | None = Field(None, description="PEM file of the certificate's key, if it is apart.")
    author_key: SecretStr | None = Field(
        None,
        description="With a key, `sandik ingest` replaces the ids of authors and posts by keyed hashes and "
        "leaves out links: the same author stays the same, and without the key only the text may tell who. "
        "At least 16 characters, best from `openssl rand -hex 32`. Never printed.",
    )
    app_id: str = Field(
        "sandik",
        pattern=r"^[A-Za-z0-9._-]+$",
        description="Name of this group of workers. The consumer group is APP_ID-RUN_ID. Another name is "
        "another run of the same topics, which `sandik runs replace` has to let in.",
    )
    topic_prefix: str = Field(
        "",
        pattern=r"^[A-Za-z0-9._-]*$",
        description="Put before every topic name, so that several installations can share a Kafka.",
    )
    partitions: int = Field(
        12,
        ge=1,
        description="Partitions of `posts` when `sandik topics create` makes it: the most workers that can "
        "share the work. Raise it before the first post; it cannot change later.",
    )
    replication_factor: int = Field(
        1, ge=1, description="Copies of every topic. 3 in production; 1 fits a single broker."
    )
    window_size_ms: PositiveMilliseconds = Field(
        60_000,
        le=31_536_000_000,
        description="Length of a window, a year at most. Changing it starts a new run.",
    )
    max_disorder_ms: Milliseconds = Field(
        30_000,
        description="How far posts of one partition may be out of order before their window is final: the "
        "watermark is the newest event time minus this. Raise it when many finals are corrected.",
    )
    allowed_lateness_ms: Milliseconds = Field(
        600_000,
        description="How long after the watermark has passed a window it is still corrected; later posts go "
        "to `posts.late`. Raising it costs memory for that many more windows.",
    )
    hopping_size_ms: Milliseconds = Field(
        0,
        description="Length of the hopping windows in `counts.hopping`, a multiple of their advance; 0 for "
        "none. Raise it for smoother curves. A change takes as many records as advances go into it.",
    )
    hopping_advance_ms: Milliseconds = Field(
        0,
        description="How often a hopping window starts, a multiple of SANDIK_WINDOW_SIZE_MS; 0 writes none. "
        "Raise it to write less to `counts.hopping`.",
    )
    session_gap_ms: Milliseconds = Field(
        0,
        description="So long without posts of a language and tag ends their session in `counts.sessions`, a "
        "multiple of SANDIK_WINDOW_SIZE_MS; 0 writes none. Raise it when one event makes many sessions.",
    )
    max_ahead_ms: Milliseconds = Field(
        300_000,
        description="A post whose event time lies further ahead of Kafka's clock than this, when Kafka took "
        "its record, is rejected, so that one wrong clock cannot close everybody's windows.",
    )
    dedupe: bool = Field(
        True,
        description="Count a post id once a window, however often a source delivers it. Costs about 180 "
        "bytes of memory for each post of the open windows.",
    )
    reposts: Reposts = Field(
        "count",
        description="What becomes of posts with `repost_of`. `count`: like any post; `apart`: in `all`, and "
        "under the tags `repost`, `election_repost` and so on instead of `election`; `exclude`: ignored.",
    )
    authors: AuthorsChoice = Field(
        "off",
        description="`sketch`: counts also say how many different authors wrote the posts of each cell "
        "(install `sandik[authors]`): up to 4,096 exactly, above with an error of 1.6 % (one standard "
        "deviation). Changing it starts a new run.",
    )
    terms: TermsChoice = Field(
        "off",
        description="`count`: how many posts contain each term is counted too, and the top of each window, "
        "language and tag written to the topic `counts.terms`, which `sandik topics create` then makes. "
        "Changing it starts a new run.",
    )
    top_terms: int = Field(
        10,
        ge=1,
        description="How many terms of each tag are written. Lowered, ranks that were written stay.",
    )
    dlq_max_consecutive: int = Field(
        1_000,
        ge=1,
        description="Rejected records in a row after which a partition is paused, and the others counted on: "
        "more likely its source is broken than so many posts bad. Raise it if they are.",
    )
    dlq_max_ratio: float = Field(
        0.5,
        gt=0,
        le=1,
        description="Share of rejected records among the last 10,000 of a partition after which it is "
        "paused, likewise. 1 never pauses it.",
    )
    idle_after_ms: PositiveMilliseconds = Field(
        30_000,
        description="A partition with nothing to read for this long stops holding the watermark back. "
        "Raise it when sources pause for longer and finals are corrected too often.",
    )
    emit_every_ms: PositiveMilliseconds = Field(
        250, description="How often changed counts are written. Raise it to write less to `counts`."
    )
    batch_posts: int = Field(
        2_000,
        ge=1,
        description="Most posts taken from Kafka at once. Raise it for throughput, lower it for latency. "
        "The worker sends no heartbeat while it works on them: with lingua, at 3 ms a post, 500 do.",
    )
    detector: str = Field(
        "cascade", description="Language detector: cascade, fasttext, langdetect or lingua."
    )
    lexicon: str | None = Field(
        None,
        description="Layers of a lexicon, with commas between them: `builtin`, event packs such as "
        "`events/turkey-2023`, folders of your own with one TOML file per tag. Default: the built-in one.",
    )
    commit_every_ms: PositiveMilliseconds = Field(
        2_800, description="How often offsets are committed. They serve monitoring: the state has its own."
    )
    session_timeout_ms: PositiveMilliseconds = Field(
        10_000, description="A worker silent for this long loses its partitions to the others."
    )
    kafka_away_ms: Milliseconds = Field(
        600_000,
        description="How long a worker that has counted outlives a Kafka that has gone. It is unready "
        "meanwhile, and begins anew when Kafka is back; after that time it ends, with an error.",
    )
    ops_host: str = Field(
        "127.0.0.1",
        description="Address on which a worker serves `/healthz`, `/readyz` and `/metrics`. There is no "
        "login: 0.0.0.0 in a container, whose network decides who reaches it. On 127.0.0.1 it answers "
        "only to this machine's own names in `Host`, so that no web page reaches it by DNS.",
    )
    ops_port: int = Field(
        8081,
        ge=0,
        le=65535,
        description="Port of those. 0 serves nothing. Of several workers on one machine, each needs its own.",
    )
    traces: Literal["off", "otlp"] = Field(
        "off",
        description="`otlp`: a worker sends OpenTelemetry traces of its batches (install `sandik[otel]`); "
        "where to and which say OpenTelemetry's own variables, `OTEL_*`. No trace holds anything of a post.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "warning",
        description="What a worker logs. At `info` each rebalance in some forty lines; no level logs the "
        "text of a post.",
    )
    instance_id: str | None = Field(
        None,
        pattern=r"^[A-Za-z0-9._-]+$",
        description="Name of this worker that it keeps across restarts (Kafka's static membership), another "
        "for each. With one, a worker back within SANDIK_SESSION_TIMEOUT_MS has its partitions again, and "
        "the others never pause; one that stops for good is missed only after that time.",
    )
    data_dir: Path = Field(
        default_factory=lambda: Path(tempfile.gettempdir()) / "sandik",
        description="Where Faust puts its working directory. Nothing in it is needed after a restart.",
    )

    @field_validator("author_key")
    @classmethod
    def _check_author_key(cls, key: SecretStr | None) -> SecretStr | None:
        if key is None:
            return None
        # A secret that is kept in a file often ends in a newline.
        stripped = key.get_secret_value().strip()
        # An empty one is a secret that was not mounted, not a wish for readable ids.
        if wrong := weakness(stripped):
            raise ValueError(wrong)
        return SecretStr(stripped)

    @model_validator(mode="after")
    def _check_derived_sizes(self) -> Self:
        if wrong := self.derived_sizes.wrong(self.window_size_ms):
            raise ValueError(
                f"{wrong}: see SANDIK_HOPPING_SIZE_MS, SANDIK_HOPPING_ADVANCE_MS, SANDIK_SESSION_GAP_MS"
            )
        return self

    @property
    def derived_sizes(self) -> DerivedSizes:
        """The hopping windows and sessions that are written."""
        return DerivedSizes(self.hopping_size_ms, self.hopping_advance_ms, self.session_gap_ms)

    def topic(self, name: str) -> str:
        """Return the topic's full name."""
        return f"{self.topic_prefix}{name}"
