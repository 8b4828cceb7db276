from aiokafka.partitioner import murmur2
from hypothesis import given
from hypothesis import strategies as st

from sandik.ingest.partitioner import partitions_of


@given(st.lists(st.binary(max_size=600), max_size=40), st.integers(1, 1_000))
def test_every_key_goes_where_kafkas_own_producers_put_it(keys: list[bytes], count: int) -> None:
    assert partitions_of(keys, count) == [(murmur2(key) & 0x7FFFFFFF) % count for key in keys]


@given(st.lists(st.text(min_size=1).map(str.encode), min_size=1))
def test_the_company_of_other_keys_changes_nothing(keys: list[bytes]) -> None:
    assert partitions_of(keys, 12) == [partitions_of([key], 12)[0] for key in keys]
