import threading
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandik.ingest.read_ahead import ReadAhead


@given(st.integers(0, 300), st.integers(1, 50))
async def test_every_item_arrives_once_and_in_order(count: int, limit: int) -> None:
    assert [item async for batch in ReadAhead(range(count), limit) for item in batch] == list(range(count))


async def test_an_item_arrives_although_the_next_is_not_there_yet() -> None:
    taken = threading.Event()

    def source() -> Iterator[str]:
        yield "first"
        assert taken.wait(30), "the first item was held back until the second was read"
        yield "second"

    items = []
    async for batch in ReadAhead(source()):
        items += batch
        if batch:
            taken.set()
    assert items == ["first", "second"]


async def test_an_error_of_the_source_comes_after_the_items_before_it() -> None:
    def source() -> Iterator[int]:
        yield from range(3)
        raise OSError("disk")

    items: list[int] = []

    async def take_all() -> None:
        async for batch in ReadAhead(source()):
            items.extend(batch)

    with pytest.raises(OSError, match="disk"):
        await take_all()
    assert items == [0, 1, 2]


async def test_an_empty_list_says_that_nothing_more_is_there_for_the_moment() -> None:
    told = threading.Event()

    def source() -> Iterator[int]:
        yield 1
        assert told.wait(30), "nobody was told that the source pauses"
        yield 2

    batches: list[list[int]] = []
    async for batch in ReadAhead(source()):
        batches.append(batch)
        if batch == [] and [1] in batches:
            told.set()
    assert [batch for batch in batches if batch] == [[1], [2]]


async def test_reading_stays_at_most_limit_items_ahead() -> None:
    read: list[int] = []

    def source() -> Iterator[int]:
        for number in range(1000):
            read.append(number)
            yield number

    taken = 0
    async for batch in ReadAhead(source(), limit=10):
        taken += len(batch)
        assert len(batch) <= 10
        assert len(read) - taken <= 10
    assert taken == 1000
