"""The broker that the processes of a test session share."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from sandik.broker import probe
from tests.support.shared_kafka import shared_kafka

pytestmark = pytest.mark.broker


def test_it_is_there_from_the_first_to_the_last_and_then_gone(tmp_path: Path) -> None:
    first, second, third = ExitStack(), ExitStack(), ExitStack()
    with ThreadPoolExecutor() as pool:
        port = first.enter_context(shared_kafka(tmp_path)).port
        assert second.enter_context(shared_kafka(tmp_path)).port == port
        ending = pool.submit(first.close)
        assert third.enter_context(shared_kafka(tmp_path)).port == port
        second.close()
        assert not ending.done()
        assert probe.serves_kafka(port)
        third.close()
        ending.result(100)

    assert probe.is_free(port)
    with shared_kafka(tmp_path) as again:
        assert probe.serves_kafka(again.port)
