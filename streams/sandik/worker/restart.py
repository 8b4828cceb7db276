"""Restart inside the same process when Kafka goes away: the fresh worker waits until Kafka is back.

A worker's state is in Kafka, so this costs as much as a crash and keeps the same guarantees. The process
stays, and so does its pod: it is not ready, and nothing restarts it.
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

#: Variable with the time since which no worker of this process has counted; its clock continues after `exec`.
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
    """Return whether the error looks as if Kafka did not answer. Does not ask Kafka again."""
    if not isinstance(error, SandikError | KafkaError):
        return False
    while error is not None and not isinstance(error, _SILENCE):
        error = error.__cause__
    return error is not None


class Outage:
    """How long this process tolerates that Kafka is away.

    The time starts again when a worker has counted something, or has had Kafka for `limit_s`. So an outage
    that never ends, such as too few replicas in sync, also ends the process after `limit_s`.
    """

    def __init__(self, limit_s: float, has_counted: Callable[[], bool]) -> None:
        self._limit_s = limit_s
        self._has_counted = has_counted
        self._answered_s: float | None = None
        since = os.environ.pop(SINCE, None)
        self._before_s = float(since) if since else None

    @property
    def has_begun_anew(self) -> bool:
        """Return whether an earlier worker of this process met the same outage."""
        return self._before_s is not None

    def is_over(self) -> None:
        """Note that Kafka answers."""
        self._answered_s = monotonic()

    @property
    def left_s(self) -> float:
        """Return for how many more seconds the outage is tolerated."""
        return max(0.0, self._since_s + self._limit_s - monotonic())

    def bears(self, error: BaseException) -> bool:
        """Return whether to restart after this error; otherwise the process ends."""
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
