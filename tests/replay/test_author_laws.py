"""A replay tells the authors of a single pass, however often it is interrupted; files have columns of it."""

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandik.kafka.ranges import Slice
from sandik.replay import count_slice, outputs
from sandik.replay.results import Digest
from sandik.tables.writers import SUFFIXES
from tests.laws.test_author_laws import JOB, Post, logs, records_of, told, truth
from tests.replay import test_laws as laws
from tests.support.examples import examples

RULES = msgspec.structs.replace(laws.RULES, authors="sketch")


@pytest.fixture(autouse=True)
def _with_authors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(count_slice, "CHECKPOINT_EVERY", 5)
    monkeypatch.setattr(laws, "JOB", JOB)
    monkeypatch.setattr(laws, "RULES", RULES)


@examples(60)
@given(st.lists(logs, min_size=1, max_size=3), st.lists(st.integers(0, 6), max_size=3))
def test_a_replay_tells_the_authors_however_often_it_is_interrupted(
    logs_: list[list[Post]], fails_after: list[int]
) -> None:
    partitions = [records_of(log) for log in logs_]
    plan = laws.a_plan([Slice(number, 0, len(records)) for number, records in enumerate(partitions)])

    assert truth(logs_) == told({one.key: one for one in laws.replayed(plan, partitions, fails_after)})


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_file_has_columns_of_authors_only_when_they_are_counted(tmp_path: Path, suffix: str) -> None:
    pytest.importorskip("pyarrow")
    partitions = [records_of([Post(0, "tr", "", "a", "x", 0)])]
    plan = laws.a_plan([Slice(0, 0, 1)])
    for rules in (RULES, msgspec.structs.replace(RULES, authors="off")):
        counted = msgspec.structs.replace(plan, rules=rules)
        path = tmp_path / f"{rules.authors}{suffix}"
        part = outputs.Part("counts", outputs.columns("counts", rules), laws.replayed(counted, partitions))
        outputs.write_file(path, part, Digest())

        assert (b"distinct_authors_low" in path.read_bytes()) == (rules.authors == "sketch")
