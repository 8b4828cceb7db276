"""Output of a command while it works, on stderr: lines, and a progress bar at a terminal."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import TypeVar

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    TaskID,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)

Item = TypeVar("Item")
_AT_ONCE = 1_000
_is_shown = False


def tell(line: str) -> None:
    """Write a line to stderr at once."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


class Bar:
    """Progress of a long step. `Bar()` shows nothing."""

    def __init__(self, what: str = "", shown: Progress | None = None) -> None:
        self._what, self._shown = what, shown
        self._done, self._total = 0, 0
        self._task = TaskID(0) if shown is None else shown.add_task(what, total=None)

    def expect(self, more: int) -> None:
        """Add to the expected number of items. Without it the bar only counts."""
        self._total += more
        self.advance(0)

    def advance(self, more: int) -> None:
        """Add to the number of finished items."""
        self._done += more
        if self._shown is not None:
            of = f" of {self._total:,}" if self._total else ""
            told = f"{self._what}: {self._done:,}{of}"
            self._shown.update(self._task, completed=self._done, total=self._total or None, description=told)

    def through(self, items: Iterable[Item]) -> Iterator[Item]:
        """Yield the items, and count them."""
        left = iter(items)
        while some := list(islice(left, _AT_ONCE)):
            yield from some
            self.advance(len(some))


@contextmanager
def progress(what: str) -> Iterator[Bar]:
    """Show `what` is done, of how many items, and the time left, and yield the bar.

    A nested step shows nothing: a terminal has room for one bar.
    """
    global _is_shown
    if _is_shown:
        yield Bar()
        return
    columns = TextColumn("{task.description}", markup=False), BarColumn()
    _is_shown = True
    try:
        with bars(*columns, TaskProgressColumn(), TimeRemainingColumn()) as shown:
            yield Bar(what, shown)
    finally:
        _is_shown = False


def bars(*columns: ProgressColumn, console: Console | None = None) -> Progress:
    """Return a progress display of these columns on stderr, empty unless stderr is a terminal."""
    return Progress(
        *columns,
        console=console or Console(stderr=True),
        transient=True,
        redirect_stdout=False,  # rich would send it to stderr
        disable=not sys.stderr.isatty(),  # a notebook sets FORCE_COLOR, and is no terminal
    )
