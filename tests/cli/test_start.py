"""What a command loads before it knows what it is to do: each module costs every command its start."""

import json
import subprocess
import sys


def test_the_command_line_loads_no_numpy_and_no_client() -> None:
    program = "import sandik.cli.main, sandik.settings, sys, json; print(json.dumps([*sys.modules]))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    loaded = set(json.loads(done.stdout))

    assert "typer" in loaded
    assert not loaded & {"numpy", "aiokafka", "faust", "aiohttp", "langdetect"}
