"""Fixtures of all tests; helpers are in tests/support."""

import signal
from collections.abc import Iterator
from contextlib import ExitStack

import hypothesis
import pytest

from sandik.broker import EmbeddedKafka
from sandik.settings import Settings
from tests.support.quick_java import use_what_was_learnt
from tests.support.shared_kafka import PATIENT, shared_kafka
from tests.support.workers import quick_settings

# A shell that runs the tests in the background ignores Ctrl-C for them, and they would pass that on to the
# commands they interrupt.
signal.signal(signal.SIGINT, signal.default_int_handler)
use_what_was_learnt()
#: The folders of the tests that take longest.
SLOWEST = ("demo", "up", "page", "docs", "faults")

# How long an example takes says how busy the machine is, not whether a law holds.
#: How many examples of a law are tried in `make check`, in `make test` and in `make test-long`.
for profile, count in {"check": 25, "sandik": 40, "long": 500}.items():
    hypothesis.settings.register_profile(profile, deadline=None, max_examples=count)
hypothesis.settings.load_profile("sandik")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest, so that no process ends alone; keep together what shares a start-up.

    For `--dist loadgroup`: a group is run by one process. Tests on a broker that share nothing but that are
    run by whichever is free.
    """
    items.sort(key=_turn)
    for item in items:
        if group := _group(item):
            item.add_marker(pytest.mark.xdist_group(group))


def _turn(item: pytest.Item) -> int:
    name = item.path.parent.name
    return SLOWEST.index(name) if name in SLOWEST else len(SLOWEST) + (not _is_on_a_broker(item))


def _is_on_a_broker(item: pytest.Item) -> bool:
    return item.get_closest_marker("broker") is not None


def _group(item: pytest.Item) -> str | None:
    found = item._fixtureinfo.name2fixturedefs  # type: ignore[attr-defined]
    if "browser" in found:
        return "browser"
    shares = any(fixtures[-1].scope == "module" for fixtures in found.values())
    return str(item.path) if shares or not _is_on_a_broker(item) else None


@pytest.fixture(scope="session")
def kafka(
    pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory, worker_id: str
) -> EmbeddedKafka:
    """The broker of all tests and processes of the session. Tests that harm a broker start their own."""
    own = tmp_path_factory.getbasetemp()
    stack = ExitStack()
    # Not as a part of this process's last test: that would have to wait for those of the others.
    pytestconfig.add_cleanup(stack.close)
    return stack.enter_context(shared_kafka(own if worker_id == "master" else own.parent))


@pytest.fixture(scope="module")
def lone_kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedKafka]:
    """A broker for the tests of one file: for those that look at all that is on it, or at the process."""
    with EmbeddedKafka(tmp_path_factory.mktemp("kafka"), extra_config=PATIENT) as broker:
        yield broker


@pytest.fixture
def worker_settings(kafka: EmbeddedKafka) -> Settings:
    """Settings of a worker on that broker, with topics of its own."""
    return quick_settings(kafka.bootstrap_servers)
