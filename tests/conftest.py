"""Fixtures of all tests; helpers are in tests/support."""

from collections.abc import Iterator

import pytest

from streams.broker import EmbeddedKafka
from streams.settings import Settings
from tests.support.kafka import unique_prefix


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedKafka]:
    """One running broker for all tests of the session. Tests that stop or kill a broker start their own."""
    with EmbeddedKafka(tmp_path_factory.mktemp("kafka")) as broker:
        yield broker


@pytest.fixture
def worker_settings(kafka: EmbeddedKafka) -> Settings:
    """Settings of a worker on that broker: topics of its own, quick to emit and to call a partition idle."""
    return Settings(
        broker=kafka.bootstrap_servers,
        topic_prefix=unique_prefix(),
        partitions=4,
        idle_after_ms=4_000,
        emit_every_ms=300,
        session_timeout_ms=6_000,
        batch_posts=300,
    )
