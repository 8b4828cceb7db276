"""However a stream is made, no reader holds more of it than its limit: measured in a process of its own."""

import json
import subprocess
import sys

import pytest

from tests.ingest.endless import STREAMS

#: What a reader may take above what the process has without it. A limit of 64 MiB is held in pieces, joined
#: and decoded; a text of one letter takes fifty bytes as an object.
MAX_GROWTH_KB = 450_000


@pytest.mark.parametrize("name", STREAMS)
def test_no_stream_fills_the_memory(name: str) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "tests.ingest.endless", name], capture_output=True, check=True, timeout=600
    )
    told = json.loads(ran.stdout)

    assert told["found"], "nothing came of it, and nobody was told"
    assert told["peak_kb"] - told["before_kb"] < MAX_GROWTH_KB, told
