"""Laws of counting: whatever the batches, crashes and interleavings, the same posts give the same counts."""

import copy
from collections import Counter
from collections.abc import Collection, Sequence
from functools import partial as with_job

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandik.counting.decode import Rejected
from sandik.counting.labels import Labels
from sandik.counting.merge import Merge
from sandik.counting.state import PartitionState
from sandik_schemas.count import Count
from sandik_schemas.partial import Partial, PartitionClock
from tests.laws import cut_logs
from tests.laws.cut_logs import BASE_MS, Record, records_of_posts
from tests.support.examples import examples
from tests.support.stubs import MINUTE_MS, TIMING, a_job

PARTITIONS = 3
JOB = a_job()
LABELS = Labels(JOB.run_id, JOB.tagger.version, JOB.detector.version)


#: Event times over ten windows, so that some posts are too late; texts that carry no, one or both tags; how
#: many records back stands the post with the same id, 0 for one of its own.
posts = st.tuples(
    st.integers(0, 20).map(lambda half_minutes: half_minutes * MINUTE_MS // 2 + half_minutes % 7),
    st.sampled_from(["tr", "ru", "en"]),
    st.sampled_from(["", "election", "deepfake", "election deepfake"]),
    st.sampled_from([0, 0, 0, 1, 2]),
)
Log = list[tuple[int, str, str, int] | None]
logs = st.lists(st.one_of(posts, st.none()), max_size=60)


def records_of(log: Log) -> list[Record]:
    """One partition's log; None stands for a record that is no post."""
    return records_of_posts(
        post and {"id": f"x:{offset - post[3]}", "created_at_ms": post[0], "text": f"{post[1]} {post[2]}"}
        for offset, post in enumerate(log)
    )


run, idle = with_job(cut_logs.run, JOB), with_job(cut_logs.idle, JOB)


def batches(draw: st.DrawFn, records: Sequence[Record]) -> list[int]:
    return sorted(draw(st.lists(st.integers(0, len(records)), max_size=5)))


def finals(
    partials: Sequence[Partial], ticks: Collection[int] = (), partitions: int = PARTITIONS
) -> dict[bytes, Count]:
    """Merge the partials, emitting after each position in `ticks` and at the end; the last record by key."""
    merge = Merge(LABELS, TIMING, partitions)
    last: dict[bytes, Count] = {}
    for position, partial in enumerate(partials):
        merge.apply(partial)
        if position in ticks:
            last |= emitted(merge)
    return last | emitted(merge)


def emitted(merge: Merge) -> dict[bytes, Count]:
    merge.advance()
    counts = {count.key: count for count in merge.emit(now_ms=0)}
    merge.settle()
    return counts


@st.composite
def partitioned(draw: st.DrawFn) -> list[list[Record]]:
    return [records_of(draw(logs)) for _ in range(PARTITIONS)]


@given(logs, st.data())
def test_batch_boundaries_do_not_change_the_state(log: Log, data: st.DataObject) -> None:
    records = records_of(log)
    whole, cut = PartitionState.empty(JOB.run_id, 0), PartitionState.empty(JOB.run_id, 0)
    run(whole, records, [])
    run(cut, records, data.draw(st.lists(st.integers(0, len(records)), max_size=6).map(sorted)))
    offsets_aside = [(w.counts, w.late_counts) for _, w in sorted(cut.windows.items())]

    assert whole.clock == cut.clock
    assert [(w.counts, w.late_counts) for _, w in sorted(whole.windows.items())] == offsets_aside


@given(logs, st.data())
def test_a_crash_between_any_two_writes_is_counted_once(log: Log, data: st.DataObject) -> None:
    """The changelog keeps a prefix of the batch's writes; the clock is the last of them."""
    records = records_of(log)
    whole = PartitionState.empty(JOB.run_id, 0)
    run(whole, records, [])
    torn = PartitionState.empty(JOB.run_id, 0)
    crash_at = data.draw(st.integers(0, len(records)))
    batch_from = data.draw(st.integers(0, crash_at))
    run(torn, records[:batch_from], [])
    if records[batch_from:crash_at]:
        entries = JOB.count(torn, records[batch_from:crash_at]).changes.entries
        torn.take(entries[: data.draw(st.integers(0, len(entries) - 1))])

    rest = records[torn.clock.offset + 1 :]
    run(torn, rest, data.draw(st.lists(st.integers(0, len(rest)), max_size=4).map(sorted)))

    assert whole.clock == torn.clock
    assert {s: (w.counts, w.late_counts) for s, w in whole.windows.items()} == {
        s: (w.counts, w.late_counts) for s, w in torn.windows.items()
    }


@given(logs)
def test_every_record_read_is_in_the_tally(log: Log) -> None:
    changes = JOB.count(PartitionState.empty(JOB.run_id, 0), records_of(log)).changes
    tally = changes.clock.tally
    cells = [window.counts for window in changes.windows]
    late_cells = [window.late_counts for window in changes.windows]

    assert tally.counted + tally.late + tally.rejected + tally.duplicate + tally.ignored == len(log)
    assert sum(tags["all"] for cell in cells for tags in cell.values()) == tally.counted
    assert sum(tags["all"] for cell in late_cells for tags in cell.values()) == tally.late


@given(logs)
def test_late_is_decided_by_the_order_inside_the_partition(log: Log) -> None:
    """Against the rule spelt out once more, with no code of the workers."""
    newest_ms, late = None, []
    for offset, post in enumerate(log):
        if post is None:
            continue
        end_ms = (BASE_MS + post[0]) // MINUTE_MS * MINUTE_MS + MINUTE_MS
        if newest_ms is not None and end_ms + 2 * MINUTE_MS <= newest_ms - 30_000:
            late.append(offset)
        else:
            newest_ms = max(newest_ms or 0, BASE_MS + post[0])

    found = JOB.count(PartitionState.empty(JOB.run_id, 0), records_of(log)).changes.late

    assert late == [one.offset for one in found]


@examples(200)
@given(partitioned(), st.data())
def test_any_interleaving_of_partitions_gives_the_same_final_counts(
    logs_: list[list[Record]], data: st.DataObject
) -> None:
    results = []
    for _ in range(2):
        partials = [*cut_logs.in_any_order(cut_logs.queues_of(JOB, logs_, data), data)]
        results.append(finals(partials, data.draw(st.sets(st.integers(0, 200), max_size=8))))

    assert results[0] == results[1]


@given(partitioned(), st.data())
def test_final_counts_are_those_of_a_single_pass(logs_: list[list[Record]], data: st.DataObject) -> None:
    partials: list[Partial] = []
    truth: Counter[bytes] = Counter()
    for partition, records in enumerate(logs_):
        state = PartitionState.empty(JOB.run_id, partition)
        sent = run(state, records, [])
        counted: set[tuple[int, str]] = set()
        late = {
            one.offset for one in JOB.count(PartitionState.empty(JOB.run_id, partition), records).changes.late
        }
        for record in records:
            if record.value == b"not a post" or record.offset in late:
                continue
            post = msgspec.json.decode(record.value or b"")
            language, *words = post["text"].split()
            start_ms = post["created_at_ms"] // MINUTE_MS * MINUTE_MS
            if (start_ms, post["id"]) in counted:
                continue
            counted.add((start_ms, post["id"]))
            for tag in ["all", *words, *(["both"] if len(words) == 2 else [])]:
                truth[f"{start_ms}|{MINUTE_MS}|{language}|{tag}".encode()] += 1
        partials += [*sent, idle(sent, partition)]

    found = finals(partials, data.draw(st.sets(st.integers(0, 200), max_size=8)))

    assert dict(truth) == {key: count.count for key, count in found.items() if count.count}


@given(partitioned(), st.data())
def test_counts_never_decrease_and_revisions_strictly_grow(
    logs_: list[list[Record]], data: st.DataObject
) -> None:
    merge = Merge(LABELS, TIMING, PARTITIONS)
    seen: dict[bytes, Count] = {}
    for partition, records in enumerate(logs_):
        state = PartitionState.empty(JOB.run_id, partition)
        cuts = data.draw(st.lists(st.integers(0, len(records)), max_size=4).map(sorted))
        sent = run(state, records, cuts)
        for partial in [*sent, idle(sent, partition)]:
            merge.apply(partial)
            for key, count in emitted(merge).items():
                if key in seen:
                    assert count.count >= seen[key].count
                    assert count.revision > seen[key].revision
                    assert count.is_final >= seen[key].is_final
                seen[key] = count


@given(partitioned())
def test_final_means_that_the_watermark_has_passed_the_window(logs_: list[list[Record]]) -> None:
    merge = Merge(LABELS, TIMING, PARTITIONS)
    for partition, records in enumerate(logs_):
        for partial in run(PartitionState.empty(JOB.run_id, partition), records, []):
            merge.apply(partial)
            for count in emitted(merge).values():
                assert merge.watermark_ms is not None or not count.is_final
                assert count.is_final == (count.window_end_ms <= (merge.watermark_ms or 0))


@examples(200)
@given(partitioned(), st.data())
def test_a_stale_entry_changes_nothing(logs_: list[list[Record]], data: st.DataObject) -> None:
    """A worker that was frozen appends what it had before, after its successor went on."""
    partials: list[Partial] = []
    heartbeats = []
    for partition, records in enumerate(logs_):
        cuts = list(range(0, len(records), 7))
        sent = run(PartitionState.empty(JOB.run_id, partition), records, cuts)
        heartbeats.append(idle(sent, partition))
        partials += [*sent, heartbeats[-1]]
    spoiled = list(partials)
    for _ in range(4):
        one = data.draw(st.sampled_from(partials))
        after = next(place for place, other in enumerate(spoiled) if other is one)
        spoiled.insert(data.draw(st.integers(after + 1, len(spoiled))), copy.deepcopy(one))
    spoiled += heartbeats  # the owners repeat them

    # Emitting after each one, so that windows are settled and forgotten when the stale ones arrive.
    assert finals(partials, range(len(partials))) == finals(spoiled, range(len(spoiled)))


@examples(200)
@given(logs, st.data())
def test_partials_ahead_of_the_state_change_nothing(log: Log, data: st.DataObject) -> None:
    """A batch's partials reach Kafka and its state does not: the successor counts it again, cut otherwise."""
    records = records_of(log)
    dies_in = sorted(data.draw(st.integers(0, len(records))) for _ in range(2))
    state = PartitionState.empty(JOB.run_id, 0)
    sent = run(state, records[: dies_in[0]], [])
    if batch := records[slice(*dies_in)]:
        sent += copy.deepcopy(JOB.count(state, batch).changes.partials)
        sent += [*state.partials()]  # as the successor sends again what is open
    rest = records[dies_in[0] :]
    sent += run(state, rest, sorted(data.draw(st.lists(st.integers(0, len(rest)), max_size=4))))
    whole = run(PartitionState.empty(JOB.run_id, 0), records, [])

    merge = Merge(LABELS, TIMING, 1)
    found: dict[bytes, Count] = {}
    for partial in [*sent, idle(sent, 0)]:
        merge.apply(partial)
        told = emitted(merge)
        assert all(count.count >= found.get(key, count).count for key, count in told.items())
        found |= told
    assert finals([*whole, idle(whole, 0)], partitions=1) == found


@examples(200)
@given(partitioned(), st.data())
def test_a_successor_of_merge_reads_the_topic_and_ends_with_the_same_counts(
    logs_: list[list[Record]], data: st.DataObject
) -> None:
    """Merge dies anywhere, between any two of its writes; its successor folds the topic from the start."""
    incoming: list[Partial] = []
    for partition, records in enumerate(logs_):
        sent = run(PartitionState.empty(JOB.run_id, partition), records, list(range(0, len(records), 9)))
        incoming += [*sent, idle(sent, partition)]
    topic: dict[
        int, Partial | None
    ] = {}  # what is in `partials`, by offset; None where a tombstone deleted it
    counts: dict[bytes, Count] = {}
    merge = Merge(LABELS, TIMING, PARTITIONS)

    def read(merge: Merge) -> None:
        if incoming:
            topic[len(topic)] = incoming[0]
            merge.apply(incoming.pop(0))

    expected = finals(incoming)
    while incoming:
        read(merge)
        if not data.draw(st.booleans()):
            continue
        dies_at = data.draw(st.sampled_from([None, None, None, "mark", "counts", "settled", "tombstones"]))
        advanced = merge.advance()
        if advanced:
            topic[len(topic)] = advanced
        written = merge.emit(0) if dies_at != "mark" else []
        if dies_at == "counts":
            written = written[: data.draw(st.integers(0, len(written)))]
        counts |= {count.key: count for count in written}
        for _ in range(data.draw(st.integers(0, 6))):
            read(merge)  # while the counts are on their way to Kafka
        settled = merge.settle() if dies_at not in ("mark", "counts") else None
        if settled and dies_at != "settled":
            mark, gone = settled
            topic[len(topic)] = mark
            keys = set(gone[: data.draw(st.integers(0, len(gone))) if dies_at else None])
            topic = {place: None if one and one.key in keys else one for place, one in topic.items()}
        if dies_at:
            merge = Merge(LABELS, TIMING, PARTITIONS)
            for one in topic.values():
                if one is not None:
                    merge.apply(one)
    counts |= emitted(merge)

    assert {key: count for key, count in expected.items() if count.is_final} == {
        key: count for key, count in counts.items() if count.is_final
    }
    assert expected.keys() == counts.keys()


def test_a_partition_that_never_had_a_post_does_not_hold_the_watermark_once_it_is_idle() -> None:
    merge = Merge(LABELS, TIMING, 2)
    sent = run(
        PartitionState.empty(JOB.run_id, 0), records_of([(0, "tr", "", 0), (5 * MINUTE_MS, "tr", "", 0)]), []
    )
    for partial in sent:
        merge.apply(partial)
    merge.apply(PartitionClock(JOB.run_id, 1, -1, None, idle=False))
    before = emitted(merge)
    merge.apply(PartitionClock(JOB.run_id, 1, -1, None, idle=True))
    after = emitted(merge)

    assert not any(count.is_final for count in before.values())
    assert [True] == [count.is_final for count in after.values()]


def test_a_partition_that_wakes_up_corrects_a_final_count() -> None:
    merge = Merge(LABELS, TIMING, 2)
    for partial in run(
        PartitionState.empty(JOB.run_id, 0), records_of([(0, "tr", "", 0), (9 * MINUTE_MS, "tr", "", 0)]), []
    ):
        merge.apply(partial)
    merge.apply(PartitionClock(JOB.run_id, 1, -1, None, idle=True))
    first = emitted(merge)
    for partial in run(PartitionState.empty(JOB.run_id, 1), records_of([(0, "tr", "election", 0)]), []):
        merge.apply(partial)
    corrected = emitted(merge)

    key = f"{BASE_MS}|{MINUTE_MS}|tr|all".encode()
    assert (1, True) == (first[key].count, first[key].is_final)
    assert (2, True) == (corrected[key].count, corrected[key].is_final)
    assert corrected[key].revision > first[key].revision


@pytest.mark.parametrize(
    ("after_ms", "batch_ends"), [([0, 1, 540_000], [2, 3]), ([0, 95_000, 1, 540_000], [2, 4])]
)
def test_a_window_is_not_forgotten_before_its_last_change_is_emitted(
    after_ms: list[int], batch_ends: list[int]
) -> None:
    """What arrives while counts are on their way to Kafka is not settled, however far the clock has come."""
    records = records_of([(after, "tr", "", 0) for after in after_ms])
    merge = Merge(LABELS, TIMING, 1)
    state = PartitionState.empty(JOB.run_id, 0)
    last: dict[bytes, Count] = {}
    for start, end in zip([0, *batch_ends], batch_ends, strict=False):
        merge.advance()
        last |= {count.key: count for count in merge.emit(0)}
        for partial in run(state, records[start:end], []):
            merge.apply(partial)
        merge.settle()
    last |= emitted(merge)

    key = f"{BASE_MS}|{MINUTE_MS}|tr|all".encode()
    assert (2, True) == (last[key].count, last[key].is_final)


def test_a_clock_with_a_lower_offset_is_not_believed() -> None:
    merge = Merge(LABELS, TIMING, 1)
    newest = PartitionClock(JOB.run_id, 0, 7, BASE_MS + MINUTE_MS, idle=False)
    for clock in (newest, PartitionClock(JOB.run_id, 0, 3, BASE_MS, idle=True)):
        merge.apply(clock)

    assert {0: newest} == merge.clocks


def test_a_final_count_never_becomes_current_again() -> None:
    merge = Merge(LABELS, TIMING, 2)
    for partial in run(
        PartitionState.empty(JOB.run_id, 0), records_of([(0, "tr", "", 0), (9 * MINUTE_MS, "tr", "", 0)]), []
    ):
        merge.apply(partial)
    merge.apply(PartitionClock(JOB.run_id, 1, -1, None, idle=True))
    emitted(merge)
    for partial in run(PartitionState.empty(JOB.run_id, 1), records_of([(0, "tr", "", 0)]), []):
        merge.apply(partial)
    emitted(merge)

    assert merge.watermark_ms == BASE_MS + 9 * MINUTE_MS - 30_000


@pytest.mark.parametrize("value", [None, b"", b"[]", b"{}", b'{"id":1}', b"\xff"])
def test_what_is_no_post_moves_no_clock(value: bytes | None) -> None:
    counted = JOB.count(PartitionState.empty(JOB.run_id, 0), [Record(0, BASE_MS, value)])

    assert isinstance(counted.rejected[0][1], Rejected)
    assert (0, None) == (counted.changes.clock.offset, counted.changes.clock.clock_ms)
