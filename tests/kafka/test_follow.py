"""What followers of a topic make of its records."""

from typing import NamedTuple

import msgspec

from sandik.kafka.follow import readable
from sandik_schemas.count import Count


class Record(NamedTuple):
    topic: str
    partition: int
    offset: int
    value: bytes | None


def test_a_record_that_cannot_be_read_is_told_and_the_others_are_read() -> None:
    deep = b'{"more":' * 100_000
    values = [None, b'{"count": 1}', b"no JSON", b"\xff", deep, b'{"count": 2}']
    records = [Record("counts", 3, offset, value) for offset, value in enumerate(values)]
    told: list[str] = []

    found = [*readable(records, msgspec.json.Decoder(dict[str, int]).decode, told.append)]
    as_counts = [*readable(records, msgspec.json.Decoder(Count).decode, told.append)]

    assert found == [{"count": 1}, {"count": 2}]
    assert as_counts == []
    assert [line.partition(": ")[0] for line in told[:3]] == [
        f"topic counts, partition 3, offset {offset}" for offset in (2, 3, 4)
    ]
