"""Laws of what becomes final and what is forgotten: the same windows as a look at every window would find."""

from hypothesis import given
from hypothesis import strategies as st

from sandik.counting.merge import Merge
from sandik.counting.state import PartitionState
from sandik_schemas.partial import Partial, WindowPartial
from tests.laws.cut_logs import Record
from tests.laws.test_counting_laws import JOB, LABELS, PARTITIONS, idle, partitioned, run
from tests.support.stubs import MINUTE_MS, TIMING


@given(partitioned(), st.data())
def test_what_is_final_and_what_is_forgotten_is_what_a_scan_of_all_windows_finds(
    logs: list[list[Record]], data: st.DataObject
) -> None:
    partials: list[Partial] = []
    for partition, records in enumerate(logs):
        cuts = data.draw(st.lists(st.integers(0, len(records)), max_size=4).map(sorted))
        sent = run(PartitionState.empty(JOB.run_id, partition), records, cuts)
        partials += [*sent, idle(sent, partition)]
    merge = Merge(LABELS, TIMING, PARTITIONS)
    known: dict[int, bool] = {}  # start -> whether its last count was final
    for partial in partials:
        merge.apply(partial)
        if isinstance(partial, WindowPartial):
            known.setdefault(partial.window_start_ms, False)
        if data.draw(st.booleans()):
            scan(merge, known)
    scan(merge, known)


def scan(merge: Merge, known: dict[int, bool]) -> None:
    """Emit and settle; compare with what all windows that are known say."""
    merge.advance()
    for count in merge.emit(0):
        known[count.window_start_ms] = count.is_final
    watermark_ms = merge.watermark_ms
    final = {start_ms for start_ms, is_final in known.items() if is_final}
    assert final == {
        start_ms for start_ms in known if watermark_ms is not None and start_ms + MINUTE_MS <= watermark_ms
    }
    settled = merge.settle()
    settled_ms = merge.settled_ms
    due = {start_ms for start_ms in known if settled_ms is not None and start_ms + MINUTE_MS <= settled_ms}
    gone = {int(key.split(b"|")[2]) for key in settled.gone} if settled else set()
    assert due == gone
    for start_ms in gone:
        del known[start_ms]
    assert merge.open_windows == len(known)
