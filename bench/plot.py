"""`python -m bench.plot JSON PNG`, in the peers' venv: draw docs/bench.png."""

import json
import sys
from pathlib import Path
from statistics import median
from typing import Any

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt

OURS, THEIRS, LIMIT = "#c0392b", "#7f8c8d", "#2c3e50"
TITLES = {"whole": "Whole job", "bare": "Bare engine"}


def main(json_file: str, png_file: str) -> None:
    """Draw what there is: engines, and the backlog."""
    sections = json.loads(Path(json_file).read_text(encoding="utf-8"))
    runs = sections.get("engines", {}).get("runs", [])
    jobs = [job for job in TITLES if any(run["job"] == job for run in runs)]
    backlog = sections.get("backlog", {}).get("along_the_way", [])
    heights = [1 + len({run["contender"] for run in runs if run["job"] == job}) for job in jobs]
    heights += [6] if backlog else []
    if not heights:
        return
    figure, axes = plt.subplots(
        len(heights), 1, figsize=(9, 0.42 * sum(heights) + len(heights)), squeeze=False,
        gridspec_kw={"height_ratios": heights}, layout="constrained",
    )  # fmt: skip
    for job, axis in zip(jobs, axes[:, 0], strict=False):
        _draw_job(axis, TITLES[job], [run for run in runs if run["job"] == job])
    if backlog:
        _draw_backlog(axes[-1, 0], backlog)
    figure.savefig(png_file, dpi=150)


def _draw_job(axis: Any, title: str, runs: list[dict[str, Any]]) -> None:
    speeds: dict[str, list[float]] = {}
    for run in runs:
        speeds.setdefault(run["contender"], []).append(run["posts_per_cpu_s"])
    names = sorted(speeds, key=lambda name: median(speeds[name]))
    middles = [median(speeds[name]) for name in names]
    errors = [
        [middle - min(speeds[name]) for name, middle in zip(names, middles, strict=True)],
        [max(speeds[name]) - middle for name, middle in zip(names, middles, strict=True)],
    ]
    colors = [OURS if name.startswith("sandik") else LIMIT if "limit" in name else THEIRS for name in names]
    axis.barh(names, middles, xerr=errors, color=colors, capsize=3, log=True)
    for place, middle in enumerate(middles):
        axis.annotate(f" {middle:,.0f}", (min(middles) * 0.55, place), va="center", ha="left", color="white")
    axis.set_xlim(left=min(middles) * 0.5)
    axis.set_title(f"{title}: posts/s a core (median, least and most)", loc="left")
    axis.spines[["top", "right"]].set_visible(False)


def _draw_backlog(axis: Any, points: list[dict[str, float]]) -> None:
    millions = [point["posts"] / 1e6 for point in points]
    axis.plot(millions, [point["rss_mb"] for point in points], color=OURS, marker="o")
    axis.set_ylim(bottom=0, top=max(y for line in axis.lines for y in line.get_ydata()) * 1.15)
    axis.set_title("Catching up: memory of one worker, MB, by million posts read", loc="left")
    axis.spines[["top", "right"]].set_visible(False)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
