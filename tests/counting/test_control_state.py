"""What the topic `control` says does not depend on when it is read, nor on compaction."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from sandik.counting.control_state import ControlState
from sandik_schemas.control import Control, Paused, Resume, Run

Entry = tuple[bytes, Control | None]

RUN = Run("r", "a", 1, "counting", {"window_size_ms": 60_000}, [0, 0], 1)
PAUSED = Paused("a", 0, 10, 1_001, 0, 0, "1001 records in a row are rejected", 1)


def entries() -> st.SearchStrategy[Entry]:
    runs = st.builds(
        lambda group, generation: msgspec.structs.replace(RUN, group=group, generation=generation),
        st.sampled_from("ab"),
        st.integers(1, 3),
    )
    paused = st.builds(
        lambda group, partition, offset: msgspec.structs.replace(
            PAUSED, group=group, partition=partition, offset=offset
        ),
        st.sampled_from("ab"),
        st.integers(0, 1),
        st.integers(0, 9),
    )
    resumes = st.builds(Resume, st.sampled_from("ab"), st.integers(0, 1), st.integers(0, 9), st.just(1))
    said = st.one_of(runs, paused, resumes).map(lambda one: (one.key, one))
    taken_back = paused.map(lambda one: (one.key, None))
    return st.one_of(said, taken_back)


def state_of(log: list[Entry]) -> ControlState:
    state = ControlState()
    for key, record in log:
        state.take(key, record)
    return state


def said(state: ControlState) -> tuple[object, ...]:
    return state.owner and state.owner.generation, state.paused, state.resumes


@given(st.lists(entries(), max_size=20))
def test_the_owner_is_the_first_run_of_the_highest_generation(log: list[Entry]) -> None:
    runs = [record for _, record in log if isinstance(record, Run)]
    highest = max((run.generation for run in runs), default=None)

    owner = state_of(log).owner

    assert (owner and owner.group) == next((one.group for one in runs if one.generation == highest), None)


@given(st.lists(entries(), max_size=20))
def test_reading_the_log_again_changes_nothing(log: list[Entry]) -> None:
    assert said(state_of(log)) == said(state_of([*log, *log]))


@given(st.lists(entries(), max_size=20))
def test_what_is_paused_is_the_last_record_of_its_key(log: list[Entry]) -> None:
    compacted = [entry for at, entry in enumerate(log) if entry[0] not in {key for key, _ in log[at + 1 :]}]

    assert state_of(log).paused == state_of(compacted).paused
    assert state_of(log).resumes == state_of(compacted).resumes


def test_a_run_that_has_finished_replacing_another_is_counting() -> None:
    replacing = msgspec.structs.replace(RUN, generation=2, state="replacing")

    assert state_of([(RUN.key, RUN), (replacing.key, replacing)]).owner == replacing
    finished = msgspec.structs.replace(replacing, state="counting")
    assert state_of([(RUN.key, RUN), (replacing.key, replacing), (RUN.key, finished)]).owner == finished
