"""The tables, to stdout, and the plot."""

import subprocess
from collections import defaultdict
from collections.abc import Sequence
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.contenders import CONTENDERS
from bench.results import PLOT_FILE, Results
from bench.say import say
from bench.setup import ROOT, peers_environment, peers_python

#: Wide enough for every table: a narrow terminal wraps lines rather than hiding numbers.
WIDTH = 150
_console = Console(width=WIDTH)
REFERENCE = "sandik"
ENGINE_COLUMNS = (
    "posts",
    "posts/s a core",
    "CPU s/M posts",
    "broker CPU s/M",
    "posts/s",
    "cores",
    "peak MB",
    "sandik is",
)
Runs = Sequence[dict[str, Any]]


def print_report(results: Results) -> None:
    """Print what was measured."""
    sections = results.sections
    if "engines" in sections:
        for job in ("whole", "bare"):
            runs = [run for run in sections["engines"]["runs"] if run["job"] == job]
            if runs:
                _print_engines(job, runs)
    if "latency" in sections:
        _print_latency(sections["latency"])
    if "recovery" in sections:
        _print_recovery(sections["recovery"])
    if "scale" in sections:
        _print_scale(sections["scale"])
    if "backlog" in sections:
        _print_backlog(sections["backlog"])


def draw(results: Results) -> None:
    """Draw the plot; a failure is told, and costs no measurement."""
    command = [str(peers_python()), "-m", "bench.plot", str(results.path), str(PLOT_FILE)]
    done = subprocess.run(command, env=peers_environment(), cwd=ROOT, check=False)  # noqa: S603 - ours
    if done.returncode:
        say("The plot could not be drawn")


def ratios(runs: Runs) -> dict[str, list[float]]:
    """Return, by contender, how many times its CPU time sandik saves, for each round that has both."""
    costs: defaultdict[str, dict[int, float]] = defaultdict(dict)
    for run in runs:
        costs[run["contender"]][run["round"]] = run["cpu_s_per_million"]
    base = costs.get(REFERENCE, {})
    return {
        name: [cost / base[number] for number, cost in by_round.items() if number in base]
        for name, by_round in costs.items()
    }


def _print_engines(job: str, runs: Runs) -> None:
    title = {
        "whole": "Whole job: decode, validate, language, tags, counts by window, output",
        "bare": "Bare engine: decode, validate, counts by window, durable state, output",
    }[job]
    table = _table(title, "contender", *ENGINE_COLUMNS, "exact")
    by_ratio = ratios(runs)
    for name in [one.name for one in CONTENDERS if one.job == job]:
        mine = [run for run in runs if run["contender"] == name]
        if not mine:
            continue
        exact = {run["is_exact"] for run in mine}
        table.add_row(
            name,
            f"{mine[0]['posts']:,}",
            _spread([run["posts_per_cpu_s"] for run in mine], ",.0f"),
            _middle(mine, "cpu_s_per_million", ",.1f"),
            _middle(mine, "broker_cpu_s_per_million", ",.1f"),
            _middle(mine, "posts_per_s", ",.0f"),
            format(median(run["posts_per_s"] / run["posts_per_cpu_s"] for run in mine), ".2f"),
            _middle(mine, "peak_rss_mb", ",.0f"),
            _spread(by_ratio[name], ".2f", " ×") if name != REFERENCE and by_ratio[name] else "",
            "NO" if False in exact else "yes" if True in exact else "-",
        )
    _console.print(table)


def _print_latency(section: dict[str, Any]) -> None:
    title = f"End to end at {section['rate']:,} posts/s, ms"
    table = _table(title, "contender", "job", "p50", "p90", "p99", "max", "cores")
    for run in section["runs"]:
        waits = [f"{run[name]:,.0f}" for name in ("p50_ms", "p90_ms", "p99_ms", "max_ms")]
        table.add_row(run["contender"], run["job"], *waits, f"{run['cores_used']:.2f}")
    _console.print(table)


def _print_recovery(section: dict[str, Any]) -> None:
    title = f"After SIGKILL, s (session timeout {section['session_timeout_s']:.0f} s)"
    table = _table(title, "way", "first partition", "all partitions", "beyond the session timeout")
    for way in ("takeover", "restart"):
        mine = [run for run in section["runs"] if run["way"] == way]
        if mine:
            names = ("first_s", "all_s", "beyond_session_timeout_s")
            table.add_row(way, *(_spread([run[name] for run in mine], ".1f") for name in names))
    _console.print(table)


def _print_scale(section: dict[str, Any]) -> None:
    table = _table("Workers, whole job", "workers", "posts/s", "posts/s a core", "times one worker")
    ones = {run["round"]: run["posts_per_s"] for run in section["runs"] if run["workers"] == 1}
    for workers in (1, 2):
        mine = [run for run in section["runs"] if run["workers"] == workers]
        if mine:
            gains = [run["posts_per_s"] / ones[run["round"]] for run in mine if run["round"] in ones]
            table.add_row(
                str(workers),
                _spread([run["posts_per_s"] for run in mine], ",.0f"),
                _spread([run["posts_per_cpu_s"] for run in mine], ",.0f"),
                _spread(gains, ".2f", " ×") if gains else "",
            )
    _console.print(table)


def _print_backlog(section: dict[str, Any]) -> None:
    title = f"Catching up with {section['posts']:,} posts"
    table = _table(title, "posts read", "MB", "posts/s", "posts/s a core")
    for point in section["along_the_way"]:
        values = (point["posts"], point["rss_mb"], point["posts_per_s"], point["posts_per_cpu_s"])
        table.add_row(*(f"{value:,}" for value in values))
    _console.print(table)


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold")
    for column in columns:
        is_text = column in ("contender", "job", "way", "exact")
        table.add_column(column, justify="left" if is_text else "right", no_wrap=True)
    return table


def _middle(runs: Runs, name: str, form: str) -> str:
    return format(median(run[name] for run in runs), form)


def _spread(values: Sequence[float], form: str, unit: str = "") -> str:
    """Return the median, and the least and the most when there are several."""
    middle = format(median(values), form) + unit
    return middle if len(values) < 2 else f"{middle} ({min(values):{form}}–{max(values):{form}})"
