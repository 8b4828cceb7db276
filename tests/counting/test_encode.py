"""What goes into `counts` is written by one encoder, live and replayed."""

import msgspec
import pytest

from sandik.counting.encode import record_of
from sandik_schemas.count import Count
from tests.dashboard.builders import a_count


@pytest.mark.parametrize("authors", [{}, {"with_author": 3, "distinct_authors": 2}])
def test_a_record_holds_the_count_and_nothing_that_is_not_counted(authors: dict[str, int]) -> None:
    count = msgspec.structs.replace(a_count("election", "tr", count=4), **authors)
    record = record_of(count)

    assert count == msgspec.json.decode(record.value or b"", type=Count)
    assert authors.keys() == msgspec.json.decode(record.value or b"").keys() & {
        field.name for field in msgspec.structs.fields(Count) if not field.required
    }
    assert (count.key, count.window_start_ms) == (record.key, record.timestamp_ms)


def test_a_session_has_a_key_of_its_own() -> None:
    assert b"a key" == record_of(a_count("all"), b"a key").key
