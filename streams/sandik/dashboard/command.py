"""`sandik dashboard`: serve the page and the API until Ctrl-C."""

import asyncio
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

from sandik.clock import SystemClock
from sandik.dashboard.notes import read_notes
from sandik.dashboard.service import Board
from sandik.dashboard.web import create_web
from sandik.errors import UsageError
from sandik.http_server import address, capacity, is_local, listen, why_not_listening
from sandik.kafka.connection import client_options
from sandik.lexicon_tools.coded_sample import load_accuracy
from sandik.progress import tell
from sandik.settings import Settings
from sandik.stopping import run_until_stopped

#: How long open connections may take to end.
_STOP_S = 2.0
#: Connections at once. Half of them may be streams, one for each open page.
_PLACES = 256


def run_dashboard(
    settings: Settings,
    *,
    host: str,
    port: int,
    from_ms: int | None,
    hides_texts: bool,
    origins: Sequence[str],
    notes: Path | None,
    corrected: Path | None,
) -> None:
    """Serve until SIGINT or SIGTERM. The address goes to stdout once it answers, what happens to stderr.

    Raises:
        UsageError: the address cannot be bound, or a setting is unusable. A Kafka that is away is no error:
            the page says so, and goes on when it is back.
    """
    # It would repeat every second what the followers tell once.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    client_options(settings)  # a wrong setting is a mistake now, not a broker that is away
    board = Board(
        settings,
        SystemClock(),
        from_ms=from_ms,
        hides_texts=hides_texts,
        tell=tell,
        notes=read_notes(notes) if notes else (),
        accuracy=load_accuracy(corrected) if corrected else None,
    )
    serve = _serve(board, host, port, frozenset(origins), hides_texts=hides_texts)
    asyncio.run(serve)


async def _serve(board: Board, host: str, port: int, origins: frozenset[str], *, hides_texts: bool) -> None:
    stopping = asyncio.Event()
    app = create_web(
        board, origins=origins, is_local=is_local(host), streams=capacity(_PLACES) // 2, stopping=stopping
    )
    try:
        runner = await listen(app, host, port, places=_PLACES, stop_s=_STOP_S)
    except OSError as error:
        raise UsageError(why_not_listening(host, port, error)) from error
    try:
        bound = runner.addresses[0][1]
        sys.stdout.write(f"{address(host, runner)}/\n")
        sys.stdout.flush()
        if not is_local(host):
            texts = "" if hides_texts else ", the texts of posts included (--hide-texts leaves them out)"
            tell(f"there is no login: anyone who reaches {host}:{bound} can read everything{texts}")
        await run_until_stopped(board.run(), stopping)
    finally:
        stopping.set()
        board.notify()  # the streams look up, and end
        await runner.cleanup()
