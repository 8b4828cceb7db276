"""`sandik dlq` and `sandik late`: list, show, redrive. Data to stdout, sums and progress to stderr.

Exit code 0: done, or nothing to do. 1: some letters were refused, or Kafka failed. 2: cannot be done so.
"""

import asyncio
import sys
from collections import Counter
from typing import Any

import msgspec

from streams.errors import UsageError
from streams.letters.box import Wanted, letters, one_letter
from streams.letters.letter import as_json
from streams.letters.redrive import NOT_WHOLE, REDRIVEN, REFUSED, Orders, redrive
from streams.settings import Settings
from streams.steps.labels import iso
from streams.topics import POSTS, POSTS_LATE

_KEY_CHARACTERS = 40


def run_list(settings: Settings, name: str, wanted: Wanted, *, limit: int | None, json: bool) -> int:
    """Print a line for each letter, and on stderr how many there are by reason."""
    by_reason = asyncio.run(_list(settings, settings.topic(name), wanted, limit, json=json))
    for reason, count in by_reason.most_common():
        sys.stderr.write(f"{count:9,} {reason}\n")
    return 0


async def _list(
    settings: Settings, topic: str, wanted: Wanted, limit: int | None, *, json: bool
) -> Counter[str]:
    by_reason: Counter[str] = Counter()
    async for letter in letters(settings, topic, wanted):
        by_reason[letter.reason] += 1
        if limit is not None and by_reason.total() > limit:
            continue
        if json:
            _write(as_json(letter))
            continue
        key = (letter.key or b"").decode("utf-8", "replace")[:_KEY_CHARACTERS]
        place = f"{letter.partition}:{letter.offset}"
        sys.stdout.write(
            f"{place:>10}  {iso(letter.written_ms)}  {letter.reason:20}  attempts {letter.attempts}  "
            f"{letter.origin_id}  {_printable(key)}  {_printable(letter.detail)}\n"
        )
    return by_reason


def run_show(settings: Settings, name: str, place: str, *, json: bool) -> int:
    """Print one letter with all its headers and its bytes."""
    letter = asyncio.run(one_letter(settings, settings.topic(name), place))
    shown = as_json(letter)
    if json:
        _write(shown)
        return 0
    headers = shown.pop("headers")
    for field, value in [*shown.items(), *sorted(headers.items())]:
        sys.stdout.write(f"{field:32} {_printable(str(value))}\n")
    return 0


def run_redrive(
    settings: Settings, name: str, wanted: Wanted, orders: Orders, *, limit: int | None, json: bool
) -> int:
    """Put letters back into `posts`, of this installation or of another; say how many.

    Raises:
        UsageError: a late post is to go where it would be late again.
    """
    if name == POSTS_LATE and orders.target == settings.topic(POSTS):
        raise UsageError(
            "a late post that is put back is late again: its window is settled, and a partition's clock "
            "never goes back. Count it with `sandik replay` and a larger SANDIK_ALLOWED_LATENESS_MS, or send "
            "it to the `posts` of another installation with --to-prefix"
        )
    outcome = asyncio.run(_redrive(settings, settings.topic(name), wanted, orders, limit))
    if json:
        counts = {key.replace(" ", "_"): count for key, count in outcome.items()}
        _write({"target": orders.target, "dry_run": orders.is_dry_run, **counts})
    else:
        would = "would be " if orders.is_dry_run else ""
        for what, count in outcome.items():
            told = f"{would}{what} to {orders.target}" if what == REDRIVEN else what
            sys.stdout.write(f"{count:9,} {told}\n")
        if not outcome:
            sys.stdout.write("nothing to redrive\n")
    return 1 if outcome[REFUSED] or outcome[NOT_WHOLE] else 0


async def _redrive(
    settings: Settings, topic: str, wanted: Wanted, orders: Orders, limit: int | None
) -> Counter[str]:
    found = [letter async for letter in letters(settings, topic, wanted)]
    done = 0

    def tell(count: int) -> None:
        nonlocal done
        done += count
        if sys.stderr.isatty():
            sys.stderr.write(f"\r{done:,} redriven")

    return await redrive(settings, found[:limit], orders, tell)


def _write(value: dict[str, Any]) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(value) + b"\n")


def _printable(text: str) -> str:
    """Without what would move the cursor of a terminal: the bytes are a stranger's."""
    return "".join(character if character.isprintable() else "\ufffd" for character in text)
