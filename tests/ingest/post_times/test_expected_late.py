"""What ingest expects to be late is what the workers count late, post by post."""

from typing import NamedTuple

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from sandik.counting.state import PartitionState
from sandik.counting.windows.derived_sizes import DerivedSizes
from sandik.ingest.partitioner import partitions_of
from sandik.ingest.post_times.expected_late import Lateness, Rules
from sandik_schemas.post import Post
from tests.support.stubs import MINUTE_MS, TIMING, a_job

BEGIN_MS = 1_683_828_000_000
NOW_MS = BEGIN_MS + 60 * MINUTE_MS
PARTITIONS = 3
RULES = Rules(TIMING, DerivedSizes(), max_ahead_ms=300_000, reposts="count", partitions=PARTITIONS)
JOB = a_job()


class Record(NamedTuple):
    offset: int
    timestamp: int
    value: bytes


#: Minutes from the beginning, some of them ahead of Kafka's clock or before all times; and what is done.
logs = st.lists(
    st.tuples(
        st.one_of(st.integers(0, 20), st.integers(60, 70), st.just(-BEGIN_MS // MINUTE_MS)),
        st.sampled_from(["create", "create", "create", "update", "delete"]),
    ),
    max_size=60,
)
cuts = st.lists(st.integers(0, 60), max_size=4)


def posts_of(log: list[tuple[int, str]]) -> list[Post]:
    return [
        Post(f"s:{at}", "s", BEGIN_MS + minute * MINUTE_MS, "tr", op=op)  # type: ignore[arg-type]
        for at, (minute, op) in enumerate(log)
    ]


def counted_late(posts: list[Post], states: dict[int, PartitionState]) -> set[str]:
    late = set()
    partitions = partitions_of([post.id.encode() for post in posts], PARTITIONS)
    for partition in range(PARTITIONS):
        own = [post for post, at in zip(posts, partitions, strict=True) if at == partition]
        state = states.setdefault(partition, PartitionState.empty("run-1", partition))
        first = state.clock.offset + 1
        records = [Record(first + at, NOW_MS, msgspec.json.encode(post)) for at, post in enumerate(own)]
        if records:
            changes = JOB.count(state, records).changes
            state.take(changes.entries)
            late |= {own[one.offset - first].id for one in changes.late}
    return late


@given(logs, cuts)
def test_what_is_expected_late_is_what_a_fresh_run_counts_late(
    log: list[tuple[int, str]], cut_at: list[int]
) -> None:
    posts, lateness = posts_of(log), Lateness(RULES, NOW_MS)
    ends = sorted({*(cut for cut in cut_at if cut < len(posts)), len(posts)})
    expected = set()
    for begin, end in zip([0, *ends], ends, strict=False):
        expected |= {posts[begin + at].id for at in lateness.late(posts[begin:end])}

    assert expected == counted_late(posts, {})


@given(logs, logs)
def test_a_run_that_stands_somewhere_goes_on_from_there(
    before: list[tuple[int, str]], log: list[tuple[int, str]]
) -> None:
    states: dict[int, PartitionState] = {}
    counted_late([msgspec.structs.replace(post, id=f"a{post.id}") for post in posts_of(before)], states)
    clocks = {at: state.clock.clock_ms for at, state in states.items() if state.clock.clock_ms is not None}
    posts = posts_of(log)

    expected = {posts[at].id for at in Lateness(RULES, NOW_MS, clocks).late(posts)}

    assert expected == counted_late(posts, states)


def test_reposts_that_are_left_out_are_not_late_either() -> None:
    posts = [Post("s:1", "s", NOW_MS, "tr"), *(Post(f"s:{at}", "s", BEGIN_MS, "tr") for at in range(2, 50))]
    reposts = [*posts[:1], *(msgspec.structs.replace(post, repost_of="s:0") for post in posts[1:])]

    assert Lateness(RULES, NOW_MS).late(reposts) == Lateness(RULES, NOW_MS).late(posts) != []
    assert Lateness(RULES._replace(reposts="exclude"), NOW_MS).late(reposts) == []


@given(st.integers(0, 10**13), st.sampled_from([0, 2, 4]), st.sampled_from([0, 5]))
def test_a_post_is_in_no_window_that_ends_later(at_ms: int, hops: int, gap: int) -> None:
    spans = DerivedSizes(hops * MINUTE_MS, MINUTE_MS if hops else 0, gap * MINUTE_MS)

    end_ms = RULES._replace(derived_sizes=spans).newest_end_ms(at_ms)

    starts_ms = at_ms // MINUTE_MS * MINUTE_MS
    assert end_ms == max(starts_ms + (1 + gap) * MINUTE_MS, starts_ms + hops * MINUTE_MS)
