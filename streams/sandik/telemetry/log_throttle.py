"""Of what libraries log, a line every few seconds: an outage is one thing to say, not ninety a second."""

import logging
import time
from asyncio import InvalidStateError
from collections.abc import Callable

#: So many lines at once, and then one every so often.
AT_ONCE = 3
EVERY_S = 5.0
_LIBRARIES = {"aiokafka", "faust", "mode"}


class Calm(logging.Filter):
    """Lets a few lines of the libraries through, then one every EVERY_S that says how many were left out.

    What was asked for by a log level below warning comes through, and so do what is critical and what has a
    traceback. `now_s` is a clock that only grows.
    """

    def __init__(self, now_s: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._now_s = now_s
        self._room = float(AT_ONCE)
        self._looked_s = now_s()
        self._left_out = 0

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether the record is to be printed."""
        if _is_answer_too_late(record):
            return False
        if (
            record.name.partition(".")[0] not in _LIBRARIES
            or not logging.WARNING <= record.levelno < logging.CRITICAL
            or record.exc_info
        ):
            return True
        now_s = self._now_s()
        self._room = min(AT_ONCE, self._room + (now_s - self._looked_s) / EVERY_S)
        self._looked_s = now_s
        if self._room < 1:
            self._left_out += 1
            return False
        if self._left_out:
            record.msg = f"{record.getMessage()} (and {self._left_out} more lines of the Kafka client)"
            record.args = ()
        self._room, self._left_out = self._room - 1, 0
        return True


def _is_answer_too_late(record: logging.LogRecord) -> bool:
    """Return whether Kafka's answer came in the very moment a signal cancelled the wait for it.

    Python runs a signal's handler between any two instructions, so also between aiokafka's question whether
    anybody still waits and its answer to them. It closes the connection and shows a traceback; no harm.
    """
    error = record.exc_info[1] if record.exc_info else None
    return record.name == "aiokafka.conn" and isinstance(error, InvalidStateError)
