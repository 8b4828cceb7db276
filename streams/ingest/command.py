"""`sandik ingest FILE...|-`: errors and summary to stderr, the summary as JSON to stdout.

Exit code 0: everything was read to the end; lines that cannot be posts are reported, one each, and do not
change it. 1: nothing could be read although there was something, a source broke off, or Kafka failed. 2: the
command was called with something it cannot use. 130: Ctrl-C; what had been read was delivered first.
"""

import asyncio
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson
from rich.console import Console

from streams.errors import SandikError

from .authors import pseudonymised
from .items import Item, Unreadable
from .produce import Summary, ingest
from .progress import progress_bar
from .sources import Source, open_source, read

INTERRUPTED_EXIT_CODE = 130


def run_ingest(
    sources: Sequence[str],
    *,
    format: str | None,  # noqa: A002 - the option's name
    connection: Mapping[str, Any],
    topic: str,
    json_summary: bool,
    author_key: str | None = None,
) -> int:
    """Write the posts of all `sources` to `topic` and return the exit code.

    `connection` is what streams.connection.client_options returns; with `author_key`, author ids are
    replaced by a keyed hash.
    """
    console = Console(stderr=True, markup=False, highlight=False, emoji=False, soft_wrap=True)
    summary = Summary()
    try:
        opened = [open_source(name, format) for name in sources]
        items = read(opened) if author_key is None else pseudonymised(read(opened), author_key)
        asyncio.run(_ingest(opened, items, connection, topic, summary, console))
        exit_code = _exit_code(summary)
    except KeyboardInterrupt:
        exit_code = INTERRUPTED_EXIT_CODE
    except SandikError as error:
        console.print(f"error: {error}")
        exit_code = error.exit_code
    if summary.seconds:  # otherwise nothing was begun
        console.print(_describe(summary))
    if json_summary:
        sys.stdout.buffer.write(orjson.dumps(summary, option=orjson.OPT_NON_STR_KEYS) + b"\n")
    return exit_code


async def _ingest(
    sources: Sequence[Source],
    items: Iterable[Item],
    connection: Mapping[str, Any],
    topic: str,
    summary: Summary,
    console: Console,
) -> None:
    def report(item: Unreadable) -> None:
        console.print(f"{item.where}: {item.reason}: {item.detail}")

    async with progress_bar(console, sources, summary):
        await ingest(items, connection=connection, topic=topic, report=report, summary=summary)


def _exit_code(summary: Summary) -> int:
    if summary.interrupted:
        return INTERRUPTED_EXIT_CODE
    return 1 if summary.unreadable and not summary.produced else 0


def _describe(summary: Summary) -> str:
    rate = summary.produced / summary.seconds if summary.seconds else 0.0
    parts = [f"{summary.produced:,} posts produced in {summary.seconds:.1f} s ({rate:,.0f}/s)"]
    for what, counts in (("unreadable", summary.unreadable), ("skipped", summary.skipped)):
        if counts:
            reasons = ", ".join(f"{reason} {count:,}" for reason, count in sorted(counts.items()))
            parts.append(f"{counts.total():,} {what} ({reasons})")
    return ("interrupted: " if summary.interrupted else "") + "; ".join(parts)
