"""Fixtures of all tests; helpers are in tests/support."""

import signal
from collections.abc import Iterator

import hypothesis
import pytest

from sandik.broker import EmbeddedKafka
from sandik.settings import Settings
from tests.support.workers import quick_settings

# A shell that runs the tests in the background ignores Ctrl-C for them, and they would pass that on to the
# commands they interrupt.
signal.signal(signal.SIGINT, signal.default_int_handler)


# How long an example takes says how busy the machine is, not whether a law holds.
hypothesis.settings.register_profile("sandik", deadline=None)
hypothesis.settings.load_profile("sandik")


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedKafka]:
    """One running broker for all tests of the session. Tests that stop or kill a broker start their own."""
    # Half a minute after its start Kafka deletes what is past its retention, and some tests write records
    # that say they are of 2023.
    patient = {"log.initial.task.delay.ms": "86400000"}
    with EmbeddedKafka(tmp_path_factory.mktemp("kafka"), extra_config=patient) as broker:
        yield broker


@pytest.fixture
def worker_settings(kafka: EmbeddedKafka) -> Settings:
    """Settings of a worker on that broker, with topics of its own."""
    return quick_settings(kafka.bootstrap_servers)
