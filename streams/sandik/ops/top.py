"""`sandik top`: the workers as Kafka sees them, on a terminal, refreshed."""

import asyncio
import sys
from contextlib import nullcontext
from datetime import UTC, datetime

from rich import box
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from sandik.clock import SystemClock
from sandik.kafka.control_topic import read_control
from sandik.ops.cluster_state import Survey, surveyor
from sandik.printing import WhileRead, print_json
from sandik.run_identity import application_id, load_job
from sandik.settings import Settings


def run_top(settings: Settings, *, every_s: float, last: int, once: bool, json: bool) -> None:
    """Show the state, once or every `every_s` seconds until Ctrl-C."""
    with WhileRead():
        asyncio.run(_show(settings, every_s, last, once=once, json=json))


async def _show(settings: Settings, every_s: float, last: int, *, once: bool, json: bool) -> None:
    owner = (await read_control(settings)).owner
    group = owner.group if owner else application_id(settings, load_job(settings))
    console = Console(highlight=False)
    can_redraw = console.is_terminal and not console.is_dumb_terminal
    is_live = can_redraw and not once and not json
    async with surveyor(settings, group, SystemClock()) as look:
        before: Survey | None = None
        with Live(console=console, auto_refresh=False) if is_live else nullcontext() as live:
            while True:
                now = await look.look(last)
                now = now.since(before) if before else now
                if json:
                    print_json(now)
                    sys.stdout.buffer.flush()
                elif live:
                    live.update(page(now), refresh=True)
                else:
                    console.print(page(now))
                if once:
                    return
                before = now
                await asyncio.sleep(every_s)


def page(survey: Survey) -> Group:
    """Return the page."""
    summary = [f"{len(survey.workers)} workers", f"lag {survey.lag:,}"]
    if survey.arriving_per_s is not None and survey.counted_per_s is not None:
        summary.append(f"{survey.arriving_per_s:,.0f} posts/s in, {survey.counted_per_s:,.0f} counted")
    summary.append(f"final until {_time(survey.watermark_ms)}")
    head = Text(f"group {survey.group}: {survey.state}\n{'   '.join(summary)}", no_wrap=True)
    return Group(head, _partitions(survey), _windows(survey))


def _partitions(survey: Survey) -> Table:
    view = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    view.add_column("partition", justify="right")
    view.add_column("worker", no_wrap=True)
    for title in ("posts", "committed", "lag"):
        view.add_column(title, justify="right")
    for one in survey.partitions:
        committed = "" if one.committed is None else f"{one.committed:,}"
        style = "bold red" if one.worker is None or one.is_paused else None
        view.add_row(
            str(one.partition),
            f"{one.worker or 'nobody'}{', paused' if one.is_paused else ''}",
            f"{one.end:,}",
            committed,
            f"{one.lag:,}",
            style=style,
        )
    return view


def _windows(survey: Survey) -> Table:
    view = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    view.add_column("window (UTC)", no_wrap=True)
    view.add_column("posts", justify="right")
    view.add_column("state")
    for window in survey.windows:
        start = window.window_start.removesuffix("Z").removesuffix(":00").replace("T", " ")
        view.add_row(start, f"{window.posts:,}", "final" if window.is_final else "current")
    return view


def _time(time_ms: int | None) -> str:
    return "-" if time_ms is None else f"{datetime.fromtimestamp(time_ms / 1000, UTC):%Y-%m-%d %H:%M:%S}"
