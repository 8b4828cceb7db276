"""Begin anew when Kafka has gone: a fresh worker in the same process, which waits for Kafka to be back.

All that a worker knows is in Kafka, so to begin anew costs what a crash costs, and no guarantee needs another
proof. The process lives on, and with it its pod and its name, unready and not restarted by anybody.
"""

import os
import sys
from collections.abc import Callable
from time import monotonic
from typing import NoReturn

from aiokafka.errors import (
    GroupCoordinatorNotAvailableError,
    KafkaConnectionError,
    KafkaError,
    KafkaTimeoutError,
    NodeNotReadyError,
    RequestTimedOutError,
)

from sandik.errors import SandikError

#: Since when no worker of this process has counted, by a clock that goes on when a program replaces another.
SINCE = "_SANDIK_SILENT_SINCE_S"

_SILENCE = (
    GroupCoordinatorNotAvailableError,
    KafkaConnectionError,
    KafkaTimeoutError,
    NodeNotReadyError,
    RequestTimedOutError,
    TimeoutError,
)


def is_silence(error: BaseException | None) -> bool:
    """Say whether the error is that Kafka did not answer, as far as anybody can tell without asking again."""
    if not isinstance(error, SandikError | KafkaError):
        return False
    while error is not None and not isinstance(error, _SILENCE):
        error = error.__cause__
    return error is not None


class Outage:
    """How this process bears that Kafka is away.

    A worker that has counted something, or had a Kafka for `limit_s`, starts the time again. So what looks
    like an outage and never ends, as too few replicas in sync, ends the process after `limit_s`, too.
    """

    def __init__(self, limit_s: float, has_counted: Callable[[], bool]) -> None:
        self._limit_s = limit_s
        self._has_counted = has_counted
        self._answered_s: float | None = None
        since = os.environ.pop(SINCE, None)
        self._before_s = float(since) if since else None

    @property
    def has_begun_anew(self) -> bool:
        """Say whether another worker of this process has met the outage before."""
        return self._before_s is not None

    def is_over(self) -> None:
        """Note that Kafka answers."""
        self._answered_s = monotonic()

    @property
    def left_s(self) -> float:
        """Return for how many seconds it is still borne."""
        return max(0.0, self._since_s + self._limit_s - monotonic())

    def bears(self, error: BaseException) -> bool:
        """Say whether to begin anew after this error; otherwise it is the end."""
        return is_silence(error) and self.left_s > 0

    def begin_anew(self) -> NoReturn:
        """Replace this program by a fresh start of the same command."""
        os.environ[SINCE] = str(self._since_s)
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606  # it is this very command

    @property
    def _since_s(self) -> float:
        now_s = monotonic()
        has_lasted = self._answered_s is not None and now_s - self._answered_s > self._limit_s
        is_well = has_lasted or self._has_counted()
        return now_s if is_well or self._before_s is None else self._before_s
