"""What was measured, as tables: for the terminal and for docs/performance.md."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from statistics import median
from typing import Any, NamedTuple

from bench.contenders import CONTENDERS

REFERENCE = "sandik"
Section = dict[str, Any]
Runs = Sequence[dict[str, Any]]


class Table(NamedTuple):
    """`name` marks its place in docs/performance.md. The first `texts` columns are words, others numbers."""

    name: str
    title: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    texts: int = 1


def tables(sections: dict[str, Section]) -> Iterator[Table]:
    """Yield a table for each thing that was measured."""
    for name, make in _MAKERS.items():
        if name in sections:
            yield from make(sections[name])


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


def _engines(section: Section) -> Iterator[Table]:
    for job, title in (
        ("whole", "Whole job: decode, validate, language, tags, counts by window, output"),
        ("bare", "Bare engine: decode, validate, counts by window, durable state, output"),
    ):
        if runs := [run for run in section["runs"] if run["job"] == job]:
            yield _contenders(job, title, runs)


def _contenders(job: str, title: str, runs: Runs) -> Table:
    by_ratio = ratios(runs)
    rows = []
    for name in [one.name for one in CONTENDERS if one.job == job]:
        mine = [run for run in runs if run["contender"] == name]
        if not mine:
            continue
        exact = {run["is_exact"] for run in mine}
        is_without_start = all(run["is_without_start"] for run in mine)
        rows.append(
            (
                name,
                f"{mine[0]['posts']:,}{'' if is_without_start else ' and its start'}",
                _spread([run["posts_per_cpu_s"] for run in mine], ",.0f"),
                _middle(mine, "cpu_s_per_million", ",.1f"),
                _middle(mine, "broker_cpu_s_per_million", ",.1f"),
                _middle(mine, "posts_per_s", ",.0f"),
                format(median(run["posts_per_s"] / run["posts_per_cpu_s"] for run in mine), ".2f"),
                _middle(mine, "peak_rss_mb", ",.0f"),
                _spread(by_ratio[name], ".2f", " ×") if name != REFERENCE and by_ratio[name] else "",
                "NO" if False in exact else "yes" if True in exact else "-",
            )
        )
    columns = (
        "contender",
        "posts",
        "posts/s a core",
        "CPU s/M posts",
        "broker CPU s/M",
        "posts/s",
        "cores",
        "peak MB",
        "sandik is",
        "exact",
    )
    return Table(job, title, columns, rows)


def _steps(section: Section) -> Iterator[Table]:
    kinds = section["us_a_post"]
    rows = [
        (step, *(_spread(costs[step], ".1f") for costs in kinds.values()))
        for step in next(iter(kinds.values()))
    ]
    together = (sum(median(spent) for spent in costs.values()) for costs in kinds.values())
    rows.append(("together", *(format(cost, ".1f") for cost in together)))
    names = {"compiled": "compiled, µs a post", "python": "in Python alone, µs a post"}
    yield Table(
        "steps", "Steps of the whole job, without Kafka", ("step", *(names[kind] for kind in kinds)), rows
    )
    counting = [
        (f"{row['languages']:,}", f"{row['open_windows']:,}", f"{row['us_a_post']:.1f}")
        for row in section["counting_alone"]
    ]
    columns = ("languages", "open windows", "µs a post")
    yield Table("counting", "Counting alone: the bare job, without Kafka", columns, counting, texts=0)
    merging = [
        (f"{row['partitions']:,}", f"{row['us_a_partial']:.1f}", f"{row['us_a_count']:.1f}")
        for row in section["merge"]
    ]
    columns = ("partitions", "µs a partial", "µs a count")
    yield Table("merge", "Merge, with 20 languages and 4 tags", columns, merging, texts=0)


def _latency(section: Section) -> Iterator[Table]:
    rows = []
    for run in section["runs"]:
        waits = [f"{run[name]:,.0f}" for name in ("p50_ms", "p90_ms", "p99_ms", "max_ms")]
        rows.append((run["contender"], run["job"], *waits, f"{run['cores_used']:.2f}"))
    columns = ("contender", "job", "p50", "p90", "p99", "max", "cores")
    yield Table("latency", f"End to end at {section['rate']:,} posts/s, ms", columns, rows, texts=2)


def _recovery(section: Section) -> Iterator[Table]:
    rows = []
    for way in ("takeover", "restart"):
        if mine := [run for run in section["runs"] if run["way"] == way]:
            names = ("first_s", "all_s", "beyond_session_timeout_s")
            rows.append((way, *(_spread([run[name] for run in mine], ".1f") for name in names)))
    title = f"After SIGKILL, s (session timeout {section['session_timeout_s']:.0f} s)"
    yield Table(
        "recovery", title, ("way", "first partition", "all partitions", "beyond the session timeout"), rows
    )


def _scale(section: Section) -> Iterator[Table]:
    ones = {run["round"]: run["posts_per_s"] for run in section["runs"] if run["workers"] == 1}
    rows = []
    for workers in (1, 2):
        if mine := [run for run in section["runs"] if run["workers"] == workers]:
            gains = [run["posts_per_s"] / ones[run["round"]] for run in mine if run["round"] in ones]
            rows.append(
                (
                    str(workers),
                    _spread([run["posts_per_s"] for run in mine], ",.0f"),
                    _spread([run["posts_per_cpu_s"] for run in mine], ",.0f"),
                    _spread(gains, ".2f", " ×") if gains else "",
                )
            )
    columns = ("workers", "posts/s", "posts/s a core", "times one worker")
    yield Table("scale", "Workers, whole job", columns, rows, texts=0)


def _partitions(section: Section) -> Iterator[Table]:
    rows = []
    for count in dict.fromkeys(run["partitions"] for run in section["runs"]):
        mine = [run for run in section["runs"] if run["partitions"] == count]
        speeds = (_spread([run[name] for run in mine], ",.0f") for name in ("posts_per_s", "posts_per_cpu_s"))
        rows.append((str(count), *speeds, _middle(mine, "peak_rss_mb", ",.0f")))
    columns = ("partitions", "posts/s", "posts/s a core", "peak MB")
    yield Table("partitions", "Partitions, one worker, whole job", columns, rows, texts=0)


def _backlog(section: Section) -> Iterator[Table]:
    points = section["along_the_way"]
    rows = [
        tuple(f"{point[name]:,}" for name in ("posts", "rss_mb", "posts_per_s", "posts_per_cpu_s"))
        for point in (points[0], points[len(points) // 2], points[-1])
    ]
    columns = ("posts read", "MB", "posts/s", "posts/s a core")
    yield Table("backlog", f"Catching up with {section['posts']:,} posts", columns, rows, texts=0)


def _replay(section: Section) -> Iterator[Table]:
    workers = {run["round"]: run["posts_per_cpu_s"] for run in section["runs"] if run["what"] == "worker"}
    rows = []
    for what in dict.fromkeys(run["what"] for run in section["runs"]):
        mine = [run for run in section["runs"] if run["what"] == what]
        times = [run["posts_per_cpu_s"] / workers[run["round"]] for run in mine]
        speeds = (_spread([run[name] for run in mine], ",.0f") for name in ("posts_per_cpu_s", "posts_per_s"))
        exact = "yes" if len({run["digest"] for run in section["runs"]}) == 1 else "NO"
        rows.append((what, *speeds, _spread(times, ".2f", " ×"), _middle(mine, "peak_rss_mb", ",.0f"), exact))
    columns = ("", "posts/s a core", "posts/s", "times the worker", "peak MB", "same counts")
    yield Table("replay", f"A worker and `sandik replay`, {section['posts']:,} posts", columns, rows)


def _million(section: Section) -> Iterator[Table]:
    worker, merge, moved = section.get("worker", {}), section["merge"], section["assignment"]
    rows = [
        ("merge: cores busy", f"{merge['cores']:.2f}"),
        (
            "merge: partials read, counts written in a second",
            f"{merge['partials_per_s']:,}, {merge['counts_per_s']:,}",
        ),
        ("assignment: ms of CPU, partitions of a worker at most", f"{moved['took_ms']:.1f}, {moved['most']}"),
        (
            "partitions that move when one worker goes, and is back",
            f"{moved['moved_when_one_goes']}, {moved['moved_when_it_is_back']}",
        ),
    ]
    if "p50_ms" in worker:
        waits = f"{worker['p50_ms']:,.0f}, {worker['p99_ms']:,.0f}"
        rows = [
            (
                f"one worker of {section['workers']} at {worker['rate']:,} posts/s: cores busy",
                f"{worker['cores_used']:.2f}",
            ),
            ("the same: ms from a post to its count, p50 and p99", waits),
            *rows,
        ]
    yield Table(
        "million",
        f"A million posts/s: {section['workers']} workers, {section['partitions']} partitions",
        ("", "found"),
        rows,
    )


_MAKERS = {
    "engines": _engines,
    "steps": _steps,
    "latency": _latency,
    "recovery": _recovery,
    "scale": _scale,
    "partitions": _partitions,
    "backlog": _backlog,
    "replay": _replay,
    "million": _million,
}


def _middle(runs: Runs, name: str, form: str) -> str:
    return format(median(run[name] for run in runs), form)


def _spread(values: Sequence[float], form: str, unit: str = "") -> str:
    """Return the median, and the least and the most when there are several."""
    middle = format(median(values), form) + unit
    return middle if len(values) < 2 else f"{middle} ({min(values):{form}}–{max(values):{form}})"
