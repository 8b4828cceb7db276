"""What becomes of a post that repeats another: by setting, and never in silence."""

from collections import Counter
from dataclasses import replace
from typing import NamedTuple

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandik.counting.job import Job
from sandik.counting.reposts import Reposts
from sandik.counting.state import PartitionState
from sandik.run_identity import load_job
from sandik.settings import Settings
from tests.support.stubs import a_job

BASE_MS = 1_700_000_000_000
TEXTS = ("en nothing", "en election", "tr deepfake", "tr election deepfake")
Said = tuple[str, bool]


class Record(NamedTuple):
    offset: int
    value: bytes
    timestamp: int = BASE_MS


def counted(job: Job, said: list[Said]) -> tuple[Counter[tuple[str, str]], PartitionState]:
    records = []
    for offset, (text, is_repost) in enumerate(said):
        post = {"id": f"t:{offset}", "source": "t", "created_at_ms": BASE_MS, "text": text}
        if is_repost:
            post["repost_of"] = "t:original"
        records.append(Record(offset, orjson.dumps(post)))
    state = PartitionState.empty("run-1", 0)
    changes = job.count(state, records).changes
    state.take(changes.entries)
    cells: Counter[tuple[str, str]] = Counter()
    for window in changes.windows:
        for language, by_tag in window.counts.items():
            cells.update({(language, tag): count for tag, count in by_tag.items()})
    return cells, state


said = st.lists(st.tuples(st.sampled_from(TEXTS), st.booleans()))


@given(said)
def test_counted_like_any_post_unless_set_otherwise(said: list[Said]) -> None:
    assert counted(a_job(), said)[0] == counted(a_job(), [(text, False) for text, _ in said])[0]


@given(said)
def test_excluded_reposts_are_ignored_and_in_the_tally(said: list[Said]) -> None:
    cells, state = counted(replace(a_job(), reposts="exclude"), said)

    assert cells == counted(a_job(), [one for one in said if not one[1]])[0]
    assert state.clock.tally.ignored == sum(is_repost for _, is_repost in said)


@given(said)
def test_reposts_apart_are_in_all_and_in_cells_of_their_own(said: list[Said]) -> None:
    cells, _ = counted(replace(a_job(), reposts="apart"), said)

    everything = counted(a_job(), said)[0]
    originals = counted(a_job(), [one for one in said if not one[1]])[0]
    for language in ("en", "tr"):
        assert cells[language, "all"] == everything[language, "all"]
        assert cells[language, "repost"] == everything[language, "all"] - originals[language, "all"]
        for tag in ("election", "deepfake", "both"):
            assert cells[language, tag] == originals[language, tag]
            assert cells[language, tag] + cells[language, f"{tag}_repost"] == everything[language, tag]


@pytest.mark.parametrize("reposts", ["apart", "exclude"])
def test_other_rules_for_reposts_are_another_run(reposts: Reposts) -> None:
    assert load_job(Settings()).run_id != load_job(Settings(reposts=reposts)).run_id
