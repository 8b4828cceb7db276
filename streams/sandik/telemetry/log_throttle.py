"""Limits what libraries log to a line every few seconds: in an outage they log ninety a second."""

import logging
import time
from asyncio import InvalidStateError
from collections.abc import Callable

#: This many lines at once, then one in each interval.
AT_ONCE = 3
EVERY_S = 5.0
_LIBRARIES = {"aiokafka", "faust", "mode"}


class Calm(logging.Filter):
    """Passes a few lines of the libraries, then one every EVERY_S that says how many were left out.

    Lines below warning pass, because the user has asked for them by the log level; so do critical ones and
    those with a traceback. `now_s` is a monotonic clock.
    """

    def __init__(self, now_s: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._now_s = now_s
        self._room = float(AT_ONCE)
        self._looked_s = now_s()
        self._left_out = 0

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether to print the record."""
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
    """Return whether Kafka's answer came just when a signal had cancelled the wait for it.

    Python runs a signal handler between any two instructions: also after aiokafka has checked that somebody
    waits, and before it passes on the answer. aiokafka then closes the connection and logs a traceback, which
    is harmless.
    """
    error = record.exc_info[1] if record.exc_info else None
    return record.name == "aiokafka.conn" and isinstance(error, InvalidStateError)
