"""One broker for all processes of a test session: Java is started once, not once a process."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

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
        fcntl.flock(users, fcntl.LOCK_EX)
        if is_first := not port.exists():
            broker.start()
            port.write_text(str(broker.port))
        else:
            broker.port = int(port.read_text())
        fcntl.flock(users, fcntl.LOCK_SH)
        try:
            yield broker
        finally:
            if is_first:
                fcntl.flock(users, fcntl.LOCK_EX)  # once nobody else uses it
                port.unlink()
                broker.stop()
