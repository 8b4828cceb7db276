"""Fixtures of all tests; helpers are in tests/support."""

import gc
import signal
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import hypothesis
import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from sandik.broker import EmbeddedKafka
from sandik.settings import Settings
from tests.support.quick_java import use_what_was_learnt
from tests.support.scene import Scene, brief
from tests.support.shared_kafka import PATIENT, shared_kafka
from tests.support.workers import quick_settings

# A shell that runs the tests in the background ignores Ctrl-C for them, and they would pass that on to the
# commands they interrupt.
signal.signal(signal.SIGINT, signal.default_int_handler)
use_what_was_learnt()
#: The folders of the tests that take longest.
SLOWEST = ("demo", "up", "page", "docs", "faults")
SHARE_NOTHING = ("demo", "up", "faults")

# How long an example takes says how busy the machine is, not whether a law holds.
#: How many examples of a law are tried in `make check`, in `make test` and in `make test-long`.
for profile, count in {"check": 25, "sandik": 40, "long": 500}.items():
    hypothesis.settings.register_profile(profile, deadline=None, max_examples=count)
hypothesis.settings.load_profile("sandik")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest, so that at the end no process works alone."""
    items.sort(key=_turn)


def pytest_collection_finish() -> None:
    """Let the garbage collector pass over what was collected: five thousand tests stay to the end."""
    gc.freeze()


def _turn(item: pytest.Item) -> int:
    folder = item.path.parent.name
    return (
        SLOWEST.index(folder) if folder in SLOWEST else len(SLOWEST) + (not item.get_closest_marker("broker"))
    )


class BySharedStart(LoadScopeScheduling):  # type: ignore[misc]  # comes without types
    """Gives a process what shares a start-up: a file, or all that needs a browser. Some share nothing."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        folder = Path(file).parent
        return str(folder) if folder.name == "page" else nodeid if folder.name in SHARE_NOTHING else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> BySharedStart:
    config.option.loadscopereorder = False
    return BySharedStart(config, log)


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


@pytest.fixture
async def scene(worker_settings: Settings) -> Scene:
    """Topics on that broker, with short windows. Tests that harm a broker bring their own."""
    return await Scene.made(brief(worker_settings))
