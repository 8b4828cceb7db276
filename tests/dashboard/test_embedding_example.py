"""The example in docs/dashboard.md does what it says."""

import asyncio
import re
import sys
from pathlib import Path

from sandik.dashboard.service import Board
from tests.dashboard.builders import BASE_MS, a_count
from tests.dashboard.conftest import Client

DOCUMENT = Path(__file__).parents[2] / "docs" / "dashboard.md"


async def test_the_example_follows_the_rows(board: Board, client: Client) -> None:
    [code] = re.findall(r"```python\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    code = code.replace("127.0.0.1:8080", f"127.0.0.1:{client.port}")
    board.model.add([a_count("election", count=10)], 0)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-u", "-c", code, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        # Whenever it asks: each change is one that its rows do not have yet.
        printed = asyncio.create_task(process.stdout.readline())
        revision = 3
        while not printed.done():
            board.model.add([a_count("both", count=5, revision=revision)], 0)
            board.notify()
            revision += 1
            await asyncio.wait({printed}, timeout=0.5)
    finally:
        process.kill()
        await process.wait()

    assert printed.result() == f"{BASE_MS} {{'value': 0.5, 'low': 0.236593, 'high': 0.763407}}\n".encode()
