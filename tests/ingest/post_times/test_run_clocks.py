"""Where a run stands, of the records of `partials`."""

from typing import NamedTuple

import msgspec

from sandik.ingest.post_times.run_clocks import Clocks
from sandik_schemas.partial import PartitionClock, WindowPartial


class Record(NamedTuple):
    key: bytes
    value: bytes | None


def a_record(one: PartitionClock | WindowPartial) -> Record:
    return Record(one.key, msgspec.json.encode(one))


def a_clock(run_id: str, partition: int, offset: int, clock_ms: int | None) -> Record:
    return a_record(PartitionClock(run_id, partition, offset, clock_ms, idle=False))


def test_the_furthest_clock_of_the_run_that_wrote_last_holds() -> None:
    clocks = Clocks()
    for record in [
        a_clock("old", 0, 99, 9_000),
        a_clock("new", 0, 5, 500),
        a_clock("new", 1, 2, None),
        a_clock("new", 0, 3, 300),  # of a worker that was frozen
        a_record(WindowPartial("new", 0, 0, 7, {}, {})),
        Record(b"new|2|clock", None),
        Record(b"new|2|clock", b"of another version"),
    ]:
        clocks.take(record)

    assert {at: (one.offset, one.clock_ms) for at, one in clocks.furthest.items()} == {
        0: (5, 500),
        1: (2, None),
    }
