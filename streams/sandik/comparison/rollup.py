"""`sandik rollup`: counts of windows -> counts of steps in a time zone."""

import asyncio
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sandik.counting.fold import ALL
from sandik.errors import UsageError
from sandik.figures.local_steps import check_step, step_of, zone_of
from sandik.files.atomic import check_free
from sandik.kafka.ranges import duration_ms
from sandik.progress import tell
from sandik.replay.read_results import Cell, load_result
from sandik.settings import Settings
from sandik.tables.writers import check_writable, write_table

_COLUMNS = {
    "step_start": "text",
    "step_end": "text",
    "step_start_ms": "int",
    "step_end_ms": "int",
    "language": "text",
    "tag": "text",
    "count": "int",
    "total": "int",
    "share": "float",
}


class RollupOrder(NamedTuple):
    """The options of the command."""

    counts: str
    out: Path
    step: str = "1d"
    zone: str = "UTC"
    force: bool = False


def run_rollup(order: RollupOrder, settings: Settings) -> int:
    """Write the table.

    Raises:
        UsageError: the table cannot be written, or a window lies in two steps.
        SandikError: Kafka or the topic is away.
    """
    check_writable(order.out)
    check_free([order.out], replaces=order.force)
    step_ms, zone = duration_ms(order.step), zone_of(order.zone)
    check_step(step_ms)
    counts = asyncio.run(load_result(order.counts, settings)).counts
    steps = rolled_up(counts, step_ms, zone)
    columns = {**_COLUMNS, "source": "text"} if any(cell.source for cell in steps) else _COLUMNS
    write_table(order.out, columns, _rows(steps, zone), replaces=order.force)
    tell(f"{len(steps):,} counts of steps of {order.step}, {order.zone}")
    sys.stdout.write(f"{order.out}\n")
    return 0


def rolled_up(counts: Mapping[Cell, int], step_ms: int, zone: ZoneInfo) -> dict[Cell, int]:
    """Return the sums by step, in order.

    Raises:
        UsageError: a step ends inside a window.
    """
    found: Counter[Cell] = Counter()
    known: dict[tuple[int, int], tuple[int, int]] = {}
    for cell, count in counts.items():
        window = cell.window_start_ms, cell.window_end_ms
        if window not in known:
            known[window] = step_of(window[0], step_ms, zone)
            if known[window][1] < window[1]:
                raise UsageError(
                    f"windows of {(window[1] - window[0]) // 60_000} min do not fit into these steps of "
                    f"{zone.key}: use longer steps, or count again with a shorter --window"
                )
        found[Cell(*known[window], cell.language, cell.tag, cell.source)] += count
    return dict(sorted(found.items()))


def _rows(steps: Mapping[Cell, int], zone: ZoneInfo) -> Iterator[dict[str, object]]:
    for cell, count in steps.items():
        total = steps.get(cell._replace(tag=ALL), 0)
        yield {
            "step_start": _local(cell.window_start_ms, zone),
            "step_end": _local(cell.window_end_ms, zone),
            "step_start_ms": cell.window_start_ms,
            "step_end_ms": cell.window_end_ms,
            "language": cell.language,
            "tag": cell.tag,
            **({"source": cell.source} if cell.source else {}),
            "count": count,
            "total": total,
            "share": round(count / total, 6) if total else 0.0,
        }


def _local(time_ms: int, zone: ZoneInfo) -> str:
    return datetime.fromtimestamp(time_ms / 1000, UTC).astimezone(zone).isoformat()
