import threading
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.ingest.read_ahead import ReadAhead


@given(st.integers(0, 300), st.integers(1, 50))
async def test_every_item_arrives_once_and_in_order(count: int, limit: int) -> None:
    assert [item async for item in ReadAhead(range(count), limit)] == list(range(count))


async def test_an_item_arrives_although_the_next_is_not_there_yet() -> None:
    taken = threading.Event()

    def source() -> Iterator[str]:
        yield "first"
        assert taken.wait(30), "the first item was held back until the second was read"
        yield "second"

    items = []
    async for item in ReadAhead(source()):
        items.append(item)
        taken.set()
    assert items == ["first", "second"]


async def test_an_error_of_the_source_comes_after_the_items_before_it() -> None:
    def source() -> Iterator[int]:
        yield from range(3)
        raise OSError("disk")

    items = aiter(ReadAhead(source()))
    assert [await anext(items) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(OSError, match="disk"):
        await anext(items)


async def test_reading_stays_at_most_limit_items_ahead() -> None:
    read: list[int] = []

    def source() -> Iterator[int]:
        for number in range(1000):
            read.append(number)
            yield number

    taken = 0
    async for _ in ReadAhead(source(), limit=10):
        taken += 1
        assert len(read) - taken <= 10
    assert taken == 1000
