"""Every setting with its unit, default and effect. Read once from the environment, then passed as a value."""

import tempfile
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from sandik.counting.authors.key import weakness
from sandik.counting.reposts import Reposts
from sandik.counting.source_names import MAX_SOURCES, SourceNames
from sandik.counting.windows.derived_sizes import DerivedSizes

Milliseconds = Annotated[int, Field(ge=0)]
#: Whether the authors of each cell are counted.
AuthorsChoice = Literal["off", "sketch"]
#: Whether the posts that contain each term are counted.
TermsChoice = Literal["off", "count"]
PositiveMilliseconds = Annotated[int, Field(gt=0)]


class Settings(BaseSettings):
    """sandik's settings. The environment variable of a field is SANDIK_ and its name in upper case."""

    # An error must not quote the value: it may be a secret.
    model_config = SettingsConfigDict(env_prefix="SANDIK_", frozen=True, hide_input_in_errors=True)

    broker: str = Field(
        "127.0.0.1:9092", description="Kafka bootstrap servers, host:port, separated by commas."
    )
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        "PLAINTEXT", description="Protocol for Kafka. Use SASL_SSL on a shared network."
    )
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"] = Field(
        "SCRAM-SHA-512", description="SASL mechanism to log in with."
    )
    sasl_username: str | None = Field(None, description="User name to log in with.")
    sasl_password: SecretStr | None = Field(
        None, min_length=1, description="Password to log in with. Never printed."
    )
    sasl_token_file: Path | None = Field(
        None,
        description="File with the token to log in with, for OAUTHBEARER. Read for every connection, so a "
        "new token takes effect when the file is replaced.",
    )
    ssl_cafile: Path | None = Field(
        None, description="PEM file of the certificate authorities to trust. Default: the system's."
    )
    ssl_certfile: Path | None = Field(None, description="PEM file of the client certificate.")
    ssl_keyfile: Path | None = Field(
        None, description="PEM file of the certificate's key, if it is in a separate file."
    )
    schema_registry_login: SecretStr | None = Field(
        None,
        description="`user:password` for `sandik schemas register`, where the registry asks for it. Never "
        "printed.",
    )
    author_key: SecretStr | None = Field(
        None,
        description="With a key, `sandik ingest` replaces the ids of authors and posts by keyed hashes and "
        "removes links. An author keeps the same hash, and without the key only the text can identify them. "
        "At least 16 characters, ideally from `openssl rand -hex 32`. Never printed.",
    )
    app_id: str = Field(
        "sandik",
        pattern=r"^[A-Za-z0-9._-]+$",
        description="Name of this group of workers. The consumer group is APP_ID-RUN_ID. Another name is "
        "another run of the same topics and needs `sandik runs replace`.",
    )
    topic_prefix: str = Field(
        "",
        pattern=r"^[A-Za-z0-9._-]*$",
        description="Prefix of every topic name, so that several installations can share a Kafka.",
    )
    partitions: int = Field(
        12,
        ge=1,
        description="Partitions of `posts` when `sandik topics create` creates it: the maximum number of "
        "workers that share the work. Raise it before the first post; it cannot change later.",
    )
    replication_factor: int = Field(
        1, ge=1, description="Copies of every topic. Use 3 in production, 1 with a single broker."
    )
    window_size_ms: PositiveMilliseconds = Field(
        60_000,
        le=31_536_000_000,
        description="Length of a window, at most a year. Changing it starts a new run.",
    )
    max_disorder_ms: Milliseconds = Field(
        30_000,
        description="How far posts of one partition may be out of order before their window is final: the "
        "watermark is the newest event time minus this. Raise it if many final counts are corrected.",
    )
    allowed_lateness_ms: Milliseconds = Field(
        600_000,
        description="How long a window is still corrected after the watermark has passed it; later posts go "
        "to `posts.late`. A higher value keeps more windows in memory.",
    )
    hopping_size_ms: Milliseconds = Field(
        0,
        description="Length of the hopping windows in `counts.hopping`, a multiple of their advance; 0 "
        "writes none. Raise it for smoother curves. Each change writes one record per advance in it.",
    )
    hopping_advance_ms: Milliseconds = Field(
        0,
        description="How often a hopping window starts, a multiple of SANDIK_WINDOW_SIZE_MS; 0 writes none. "
        "Raise it to write less to `counts.hopping`.",
    )
    session_gap_ms: Milliseconds = Field(
        0,
        description="A session in `counts.sessions` ends after this long without posts of its language and "
        "tag. A multiple of SANDIK_WINDOW_SIZE_MS; 0 writes none. Raise it if one event makes many sessions.",
    )
    max_ahead_ms: Milliseconds = Field(
        300_000,
        description="A post is rejected if its event time was further ahead of Kafka's clock than this when "
        "Kafka received it, so that one wrong clock cannot close the windows of other posts.",
    )
    dedupe: bool = Field(
        True,
        description="Count a post id once per window, even if a source delivers it several times. Takes "
        "memory for each post of the open windows (docs/memory.md).",
    )
    reposts: Reposts = Field(
        "count",
        description="What to do with posts that have `repost_of`. `count`: like any post; `apart`: in `all` "
        "and under the tags `repost`, `election_repost` and so on instead of `election`; `exclude`: ignored.",
    )
    authors: AuthorsChoice = Field(
        "off",
        description="`sketch`: each count also says how many different authors wrote its posts (install "
        "`sandik[authors]`; docs/authors.md says how exact it is). Changing it starts a new run.",
    )
    terms: TermsChoice = Field(
        "off",
        description="`count`: also count how many posts contain each term, and write the top terms of each "
        "window, language and tag to the topic `counts.terms`, which `sandik topics create` then creates. "
        "Changing it starts a new run.",
    )
    top_terms: int = Field(
        10, ge=1, description="How many terms of each tag are written. If lowered, written ranks stay."
    )
    sources: str = Field(
        "",
        description="Sources that are also counted apart, in the topic `counts.sources`, which `sandik "
        "topics create` then creates: names with commas between them, such as `telegram,x`, or a channel of "
        f"one, `telegram/1001039626561`; at most {MAX_SOURCES}. All others are counted as `other`. Default: "
        "none. Changing it starts a new run.",
    )
    bursts: Literal["off", "on"] = Field(
        "off",
        description="`on`: `sandik topics create` also creates the topic `bursts`, which `sandik bursts` "
        "fills from `counts`.",
    )
    bursts_webhook: SecretStr | None = Field(
        None,
        description="Address to which `sandik bursts` sends each record of `bursts` as JSON with an id, at "
        "least once, until it is answered with a 2xx status. Never printed.",
    )
    dlq_max_consecutive: int = Field(
        1_000,
        ge=1,
        description="A partition is paused after this many rejected records in a row; the others continue. "
        "Its source is then probably broken. Raise it if that many records really are invalid.",
    )
    dlq_max_ratio: float = Field(
        0.5,
        gt=0,
        le=1,
        description="A partition is also paused above this share of rejected records among its last 10,000. "
        "1 never pauses it.",
    )
    idle_after_ms: PositiveMilliseconds = Field(
        30_000,
        description="A partition with nothing to read for this long no longer holds the watermark back. "
        "Raise it if sources pause for longer and final counts are corrected too often.",
    )
    emit_every_ms: PositiveMilliseconds = Field(
        150, description="How often changed counts are written. Raise it to write less to `counts`."
    )
    batch_posts: int = Field(
        2_000,
        ge=1,
        description="Maximum number of posts in a batch. Raise it for throughput, lower it for latency. The "
        "worker sends no heartbeat during a batch.",
    )
    detector: str = Field("cascade", description="Language detector: cascade, fasttext or langdetect.")
    lexicon: str | None = Field(
        None,
        description="Layers of a lexicon, separated by commas: `builtin`, event packs such as "
        "`events/turkey-2023`, folders of your own with one TOML file per tag. Default: `builtin`.",
    )
    commit_every_ms: PositiveMilliseconds = Field(
        2_800, description="How often offsets are committed, for monitoring only: the state has its own."
    )
    session_timeout_ms: PositiveMilliseconds = Field(
        10_000, description="A worker that is silent for this long loses its partitions to the others."
    )
    kafka_away_ms: Milliseconds = Field(
        600_000,
        description="How long a worker that has counted waits for a Kafka that does not answer. Meanwhile "
        "it is not ready; when Kafka is back, it starts again. After this time it ends with "
        "an error.",
    )
    ops_host: str = Field(
        "127.0.0.1",
        description="Address on which a worker serves `/healthz`, `/readyz` and `/metrics`. There is no "
        "login: use 0.0.0.0 in a container, whose network decides who can connect. On 127.0.0.1 it answers "
        "only if `Host` names this machine, so that no web page can reach it by DNS rebinding.",
    )
    ops_port: int = Field(
        8081,
        ge=0,
        le=65535,
        description="Port for these. 0 serves nothing. Several workers on one machine need different ports.",
    )
    traces: Literal["off", "otlp"] = Field(
        "off",
        description="`otlp`: a worker sends OpenTelemetry traces of its batches (install `sandik[otel]`). "
        "OpenTelemetry's own variables, `OTEL_*`, configure them. No trace contains any part of a post.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "warning",
        description="Log level of a worker. `info` logs about forty lines per rebalance; no level logs the "
        "text of a post.",
    )
    instance_id: str | None = Field(
        None,
        pattern=r"^[A-Za-z0-9._-]+$",
        description="Name of this worker across restarts (Kafka's static membership), unique per worker. "
        "With a name, a worker that returns within SANDIK_SESSION_TIMEOUT_MS gets its partitions back and "
        "the others do not pause; a worker that stops for good is replaced only after that time.",
    )
    data_dir: Path = Field(
        default_factory=lambda: Path(tempfile.gettempdir()) / "sandik",
        description="Parent of Faust's working directory. Nothing in it is needed after a restart.",
    )

    @field_validator("author_key")
    @classmethod
    def _check_author_key(cls, key: SecretStr | None) -> SecretStr | None:
        if key is None:
            return None
        # A secret from a file often ends with a newline.
        stripped = key.get_secret_value().strip()
        # An empty key means that the secret was not mounted. It does not ask for readable ids.
        if wrong := weakness(stripped):
            raise ValueError(wrong)
        return SecretStr(stripped)

    @field_validator("sources")
    @classmethod
    def _check_sources(cls, sources: str) -> str:
        names = SourceNames.parse(sources)
        return names.rule if names else ""

    @field_validator("bursts_webhook")
    @classmethod
    def _check_webhook(cls, url: SecretStr | None) -> SecretStr | None:
        if url is not None and not url.get_secret_value().startswith(("http://", "https://")):
            raise ValueError("must begin with http:// or https://")
        return url

    @model_validator(mode="after")
    def _check_derived_sizes(self) -> Self:
        if wrong := self.derived_sizes.wrong(self.window_size_ms):
            raise ValueError(
                f"{wrong}: see SANDIK_HOPPING_SIZE_MS, SANDIK_HOPPING_ADVANCE_MS, SANDIK_SESSION_GAP_MS"
            )
        return self

    @property
    def source_names(self) -> SourceNames | None:
        """The sources that are counted by name, if any are."""
        return SourceNames.parse(self.sources)

    @property
    def derived_sizes(self) -> DerivedSizes:
        """The hopping windows and sessions that are written."""
        return DerivedSizes(self.hopping_size_ms, self.hopping_advance_ms, self.session_gap_ms)

    def topic(self, name: str) -> str:
        """Return the topic's full name."""
        return f"{self.topic_prefix}{name}"
