"""The tables, to stdout and into docs/performance.md, and the plot."""

import re
import subprocess
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import rich.table
from rich.console import Console

from bench.progress import say
from bench.results import PLOT_FILE, Results
from bench.setup import ROOT, peers_environment, peers_python
from bench.tables import Table, tables

#: Wide enough for every table: a narrow terminal wraps lines rather than hiding numbers.
WIDTH = 150
DOCUMENT = ROOT / "docs" / "performance.md"


def print_report(results: Results) -> None:
    """Print what was measured."""
    console = Console(width=WIDTH)
    for table in tables(results.sections):
        shown = rich.table.Table(title=table.title, title_justify="left", title_style="bold")
        for number, column in enumerate(table.columns):
            shown.add_column(column, justify="left" if number < table.texts else "right", no_wrap=True)
        for row in table.rows:
            shown.add_row(*row)
        console.print(shown)


def draw(results: Results) -> None:
    """Draw the plot; a failure is told, and costs no measurement."""
    command = [str(peers_python()), "-m", "bench.plot", str(results.path), str(PLOT_FILE)]
    done = subprocess.run(command, env=peers_environment(), cwd=ROOT, check=False)  # noqa: S603 - ours
    if done.returncode:
        say("The plot could not be drawn")


def write_document(results: Results, path: Path = DOCUMENT) -> None:
    """Put the tables into the document, each between the marks that have its name."""
    path.write_text(documented(path.read_text(encoding="utf-8"), results.sections), encoding="utf-8")


def documented(text: str, sections: dict[str, Any]) -> str:
    """Return the document with these tables between their marks."""
    for table in tables(sections):
        mark = f"<!-- {table.name} -->"
        text = re.sub(f"{mark}\n.*?{mark}\n", partial(_replaced, table), text, count=1, flags=re.DOTALL)
    return text


def _replaced(table: Table, _: re.Match[str]) -> str:
    return _between(table)


def _between(table: Table) -> str:
    mark = f"<!-- {table.name} -->"
    ruler = ["---" if number < table.texts else "--:" for number in range(len(table.columns))]
    lines = [_line(row) for row in (table.columns, ruler, *table.rows)]
    return "\n".join([mark, f"**{table.title}**", "", *lines, mark, ""])


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
