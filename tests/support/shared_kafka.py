"""One broker for all processes of a test session: Java is started once, not once a process."""

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from sandik.broker import EmbeddedKafka

#: Half a minute after its start Kafka deletes what is past its retention, and some tests write records that
#: say they are of 2023.
PATIENT = {"log.initial.task.delay.ms": "86400000"}


@contextmanager
def shared_kafka(folder: Path) -> Iterator[EmbeddedKafka]:
    """Lend the broker of all who use this folder.

    Who comes first starts it, and ends it when the last has gone. To all others only its address is known.
    """
    broker, port = EmbeddedKafka(folder / "kafka", extra_config=PATIENT), folder / "kafka.port"
    with (folder / "kafka.users").open("w") as users:
        with _door(folder):
            fcntl.flock(users, fcntl.LOCK_SH)
            if is_first := not port.exists():
                broker.start()
                port.write_text(str(broker.port))
            else:
                broker.port = int(port.read_text())
        try:
            yield broker
        finally:
            while is_first:
                with _door(folder):
                    if _is_alone(users):
                        port.unlink()
                        broker.kill()  # nobody reads its thousand topics again, so none has to be closed
                        break
                time.sleep(0.1)


@contextmanager
def _door(folder: Path) -> Iterator[None]:
    """Let in one at a time."""
    with (folder / "kafka.door").open("w") as door:
        fcntl.flock(door, fcntl.LOCK_EX)
        yield


def _is_alone(users: IO[str]) -> bool:
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        fcntl.flock(users, fcntl.LOCK_SH)  # which is lost where it cannot become another
        return False
    return True
