"""The status line: one for all processes. At a terminal it changes in place; elsewhere a change is a line."""

import asyncio
import os
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TextIO

from sandik.up.worker_status import Numbers

_CLEAR = "\r\x1b[2K"
_BETWEEN = " | "
_USUAL_COLUMNS = 80
_EVERY_S = 0.25


@dataclass
class Status:
    """The status. `states` has a word or two for each process, in the order in which they are shown."""

    states: dict[str, str] = field(default_factory=dict)
    numbers: Numbers | None = None
    per_s: float | None = None
    #: Whether all that there is to count is counted.
    is_settled: bool = False


def as_line(status: Status) -> str:
    """Return the status as a line."""
    parts = [f"{name} {state}" for name, state in status.states.items()]
    if status.numbers is not None and (told := _told(status.numbers, status.per_s)):
        parts.append(told)
    return _BETWEEN.join(parts)


def _told(numbers: Numbers, per_s: float | None) -> str:
    if not numbers.read and not numbers.waiting:
        return ""
    others = {
        "too late": numbers.late,
        "rejected": numbers.rejected,
        "twice": numbers.duplicate,
        "to go": numbers.waiting,
    }
    told = [f"{numbers.counted:,} counted", *(f"{count:,} {what}" for what, count in others.items() if count)]
    if per_s is not None and per_s >= 1:
        told.append(f"{per_s:,.0f}/s")
    if numbers.paused_partitions:
        told.append("a partition is paused: sandik partitions paused")
    return ", ".join(told)


class Shown:
    """What the reader sees on stderr."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._is_terminal = stream.isatty()
        self._line = ""
        self._change: object = None

    async def follow(self, status: Status) -> None:
        """Show the status until cancelled, with a delay, because changes often come together."""
        while True:
            self.update(status)
            await asyncio.sleep(_EVERY_S)

    def update(self, status: Status) -> None:
        """Show the status: at a terminal always, elsewhere when more than a number has changed."""
        line, change = as_line(status), (dict(status.states), status.is_settled)
        if self._is_terminal:
            if line != self._line:
                self._write(_CLEAR + cut(line, self._columns() - 1))
        elif change != self._change:
            self._write(f"{line}\n")
        self._line, self._change = line, change

    def say(self, text: str) -> None:
        """Show what is to stay, above the status line."""
        if self._is_terminal:
            self._write(_CLEAR)
        self._write(f"{text}\n")
        if self._is_terminal:
            self._line = ""

    def clear(self) -> None:
        """Take the status line away, so that others may write."""
        if self._is_terminal:
            self._write(_CLEAR)
            self._line = ""

    def end(self) -> None:
        """Leave the last line where it is: nothing more is shown."""
        if self._is_terminal and self._line:
            self._write("\n")

    def _columns(self) -> int:
        try:
            return os.get_terminal_size(self._stream.fileno()).columns or _USUAL_COLUMNS
        except (OSError, ValueError):
            return _USUAL_COLUMNS

    def _write(self, text: str) -> None:
        with suppress(OSError):  # the terminal was closed: what runs is to be ended in order all the same
            self._stream.write(text)
            self._stream.flush()


def cut(line: str, width: int) -> str:
    """Return the line, or as much of it as fits: what is wrapped could not be replaced."""
    return line if len(line) <= width else f"{line[: max(0, width - 1)]}…"
