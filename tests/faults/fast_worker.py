"""`python -m tests.faults.fast_worker AHEAD_MS`: a worker on a machine whose clock is so far ahead."""

import sys
import time
from typing import Any

from aiokafka.producer.message_accumulator import BatchBuilder

import sandik.worker.app
from sandik.cli.main import main


def set_ahead(ahead_ms: int) -> None:
    """Set Python's clock ahead, and that of aiokafka's C code, which stamps the records."""
    right_s, right_ns, append = time.time, time.time_ns, BatchBuilder.append  # noqa: TID251

    def stamped(self: Any, *, timestamp: int | None, **fields: Any) -> Any:
        now_ms = time.time_ns() // 1_000_000
        return append(self, timestamp=now_ms if timestamp is None else timestamp, **fields)

    time.time = lambda: right_s() + ahead_ms / 1_000  # noqa: TID251
    time.time_ns = lambda: right_ns() + ahead_ms * 1_000_000
    BatchBuilder.append = stamped


if __name__ == "__main__":
    sandik.worker.app.CRASH_GRACE_S = 600  # on a busy machine it may take more than 5 s to end
    set_ahead(int(sys.argv.pop()))
    sys.argv.append("worker")
    main()
