"""`sandik dlq` and `sandik late`: list, show, redrive. Data goes to stdout, totals and progress to stderr.

Exit code 0: done, or nothing to do. 1: some letters were refused, or Kafka failed. 2: usage error.
"""

import asyncio
import sys
from collections import Counter
from contextlib import aclosing
from typing import Any

from sandik.counting.labels import iso
from sandik.dead_letters.reading import Wanted, last_letters, letters, one_letter
from sandik.dead_letters.redrive import NOT_WHOLE, REDRIVEN, REFUSED, Orders, redrive
from sandik.errors import UsageError
from sandik.kafka.dead_letter import Letter
from sandik.kafka.topics import POSTS, POSTS_LATE
from sandik.printing import WhileRead, print_json
from sandik.progress import progress
from sandik.settings import Settings

_KEY_CHARACTERS = 40


def run_list(
    settings: Settings, name: str, wanted: Wanted, *, limit: int | None, json: bool, last: int | None
) -> int:
    """Print a line for each letter, and on stderr how many there are by reason.

    `limit` shows only the first of those that are counted; `last` reads and counts only the newest.

    Raises:
        UsageError: both are given.
    """
    if limit is not None and last is not None:
        raise UsageError("--limit shows the first letters and --last the newest ones: use only one")
    with WhileRead():
        by_reason = asyncio.run(_list(settings, settings.topic(name), wanted, limit, last, json=json))
        for reason, count in by_reason.most_common():
            sys.stderr.write(f"{count:9,} {_printable(reason)}\n")
    return 0


async def _list(
    settings: Settings, topic: str, wanted: Wanted, limit: int | None, last: int | None, *, json: bool
) -> Counter[str]:
    foreign: Counter[str] = Counter()
    by_reason: Counter[str] = Counter()
    if last is not None:
        for letter in await last_letters(settings, topic, wanted, foreign, last):
            by_reason[letter.reason] += 1
            _show(letter, json=json)
        return by_reason + foreign
    async with aclosing(letters(settings, topic, wanted, foreign)) as found:
        async for letter in found:
            by_reason[letter.reason] += 1
            if limit is None or by_reason.total() <= limit:
                _show(letter, json=json)
    return by_reason + foreign


def _show(letter: Letter, *, json: bool) -> None:
    if json:
        print_json(_as_json(letter))
        return
    key = (letter.key or b"").decode("utf-8", "replace")[:_KEY_CHARACTERS]
    place = f"{letter.partition}:{letter.offset}"
    sys.stdout.write(
        f"{place:>10}  {iso(letter.written_ms)}  {_printable(letter.reason):20}  attempts {letter.attempts}  "
        f"{letter.origin}  {_printable(key)}  {_printable(letter.detail)}\n"
    )


def run_show(settings: Settings, name: str, place: str, *, json: bool) -> int:
    """Print one letter with all its headers and its bytes."""
    letter = asyncio.run(one_letter(settings, settings.topic(name), place))
    shown = _as_json(letter)
    if json:
        print_json(shown)
        return 0
    headers = shown.pop("headers")
    for field, value in [*shown.items(), *sorted(headers.items())]:
        sys.stdout.write(f"{_printable(field):32} {_printable(str(value))}\n")
    return 0


def run_redrive(
    settings: Settings, name: str, wanted: Wanted, orders: Orders, *, limit: int | None, json: bool
) -> int:
    """Write letters to `posts`, of this installation or another; print how many.

    Raises:
        UsageError: a late post would be late again.
    """
    if name == POSTS_LATE and orders.target == settings.topic(POSTS):
        raise UsageError(
            "a redriven late post is late again: its window is settled, and a partition's clock "
            "never goes back. Count it with `sandik replay` and a larger SANDIK_ALLOWED_LATENESS_MS, or send "
            "it to the `posts` of another installation with --to-prefix"
        )
    outcome = asyncio.run(_redrive(settings, settings.topic(name), wanted, orders, limit))
    if json:
        counts = {key.replace(" ", "_"): count for key, count in outcome.items()}
        print_json({"target": orders.target, "dry_run": orders.is_dry_run, **counts})
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
    foreign: Counter[str] = Counter()
    with progress(f"reading {topic}") as bar:
        async with aclosing(letters(settings, topic, wanted, foreign, bar)) as read:
            found = [letter async for letter in read][:limit]
    with progress(f"letters redriven to {orders.target}") as bar:
        return await redrive(settings, found, orders, bar.advance) + foreign


def _as_json(letter: Letter) -> dict[str, Any]:
    """Return a letter for programs. Of bytes that are not UTF-8, all are in `key_hex` and `value_hex`."""
    found: dict[str, Any] = letter._asdict()
    for name in ("key", "value"):
        data = found[name]
        if data is None:
            continue
        try:
            found[name] = data.decode()
        except UnicodeDecodeError:
            found[name] = data.decode("utf-8", "replace")
            found[f"{name}_hex"] = data.hex()
    for name in ("origin", "redriven_from"):
        found[name] = None if found[name] is None else str(found[name])
    return found


def _printable(text: str) -> str:
    """Escape control characters, because the bytes may be hostile."""
    return "".join(character if character.isprintable() else "\ufffd" for character in text)
