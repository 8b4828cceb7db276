"""What these tests share: a Docker engine, which takes a minute to fill."""

from collections.abc import Iterator

import pytest

from tests.deploy.live.engine import Engine, engine


@pytest.fixture(scope="session")
def docker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """Lend an engine that has the base images."""
    with engine(tmp_path_factory.mktemp("docker")) as found:
        found.prepare()
        yield found
