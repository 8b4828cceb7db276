"""However a stream is made, no reader holds more of it than its limit: measured in a process of its own."""

import json
import os
import subprocess

import pytest

from tests.ingest.endless import STREAMS
from tests.support.warm import start

#: What a reader may take above what the process has without it. A limit of 64 MiB is held in pieces, joined
#: and decoded; a text of one letter takes fifty bytes as an object.
MAX_GROWTH_KB = 450_000


@pytest.mark.parametrize("name", STREAMS)
def test_no_stream_fills_the_memory(name: str) -> None:
    with start("tests.ingest.endless", name, environment=os.environ, stdout=subprocess.PIPE) as process:
        told = json.loads(process.communicate(timeout=600)[0])

    assert told["found"], "nothing came of it, and nobody was told"
    assert told["peak_kb"] - told["before_kb"] < MAX_GROWTH_KB, told
