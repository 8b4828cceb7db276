"""Bursts of windows are a function of the counts; the topic ends with them whatever happens on the way."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from sandik.figures.burst_records import BurstLedger, burst_records
from sandik.figures.cell_store import Cells
from sandik.figures.rollup import Query, rows
from sandik_schemas.burst import Burst
from sandik_schemas.count import Count
from tests.dashboard.builders import BASE_MS, MINUTE_MS, a_count

MINUTES = 45
EVERYTHING = 1 << 53


@st.composite
def histories(draw: st.DrawFn) -> list[list[Count]]:
    """Finals of some minutes in batches as they are written, then corrections of some of them."""
    languages = draw(st.sampled_from([["tr"], ["tr", "ru"], ["tr", "ru+tr"]]))
    level = draw(st.integers(0, 3))
    posts: dict[tuple[int, str], int] = {}
    written = []
    for minute in range(MINUTES):
        for language in languages:
            is_high = draw(st.integers(0, 9)) == 0
            more = draw(st.integers(20, 60) if is_high else st.integers(0, 2))
            posts[minute, language] = level + more
            written.append(finals(minute, language, posts[minute, language], 1))
    late = st.tuples(st.integers(0, MINUTES - 1), st.sampled_from(languages), st.integers(1, 30))
    for number, (minute, language, more) in enumerate(draw(st.lists(late, max_size=6)), 2):
        posts[minute, language] += more
        written.append(finals(minute, language, posts[minute, language], number))
    return written


def finals(minute: int, language: str, posts: int, revision: int) -> list[Count]:
    return [
        a_count(tag, language, minute=minute, count=count, is_final=True, revision=revision)
        for tag, count in (("all", posts + 3), ("election", posts))
    ]


def truth(history: list[list[Count]]) -> list[Burst]:
    cells = Cells(MINUTE_MS)
    for counts in history:
        for count in counts:
            cells.add(count, 1)
    return list(burst_records(cells, 0, EVERYTHING))


@given(histories())
def test_bursts_of_windows_are_those_of_the_page(history: list[list[Count]]) -> None:
    cells = Cells(MINUTE_MS)
    for counts in history:
        for count in counts:
            cells.add(count, 1)

    shown = {
        (row.language, tag, row.start_ms, row.counts[tag])
        for row in rows(cells, Query(MINUTE_MS))
        for tag in row.bursts
    }

    assert {(one.language, one.tag, one.window_start_ms, one.count) for one in truth(history)} == shown


@given(histories(), st.data())
def test_however_counts_come_and_however_often_it_restarts_the_topic_ends_with_their_bursts(
    history: list[list[Count]], data: st.DataObject
) -> None:
    topic: list[tuple[bytes, Burst | None]] = []
    ledger = BurstLedger()
    for place, counts in enumerate(history):
        ledger.model.add(counts, 0)
        happens = data.draw(st.sampled_from(["nothing", "nothing", "judged", "crash"]))
        if happens == "nothing" and place < len(history) - 1:
            continue
        due = ledger.due(ledger.model.cells.watermark_ms)
        written = list(due.items())
        if happens == "crash":  # after some of it, before it is known to be written; all is read again
            written = written[: data.draw(st.integers(0, len(written)))]
            ledger = restarted(topic + written, history[: place + 1])
        else:
            for key, value in written:
                ledger.take(key, value)
            ledger.judged(ledger.model.cells.watermark_ms)
        topic += written
    topic += ledger.due(ledger.model.cells.watermark_ms).items()

    revisions: dict[bytes, int] = {}
    for key, value in topic:
        assert value is not None
        assert value.revision > revisions.get(key, -1)
        revisions[key] = value.revision
    said = {key: value for key, value in dict(topic).items() if value and value.is_burst}
    assert said == {burst.key: burst for burst in truth(history)}


def restarted(topic: list[tuple[bytes, Burst | None]], counts: list[list[Count]]) -> BurstLedger:
    ledger = BurstLedger()
    for some in counts:
        ledger.model.add(some, 0)
    for key, value in topic:
        ledger.take(key, value)
    return ledger


def test_a_burst_tells_what_was_usual_and_a_correction_takes_it_back() -> None:
    history = [finals(minute, "tr", 40 if minute == 40 else 4, 1) for minute in range(41)]
    ledger = restarted([], history)
    to_ms = ledger.model.cells.watermark_ms

    [burst] = [one for one in ledger.due(to_ms).values() if one and one.language == "tr"]
    for key, value in ledger.due(to_ms).items():
        ledger.take(key, value)
    ledger.judged(to_ms)
    ledger.model.add([count for minute in range(10, 40) for count in finals(minute, "tr", 40, 2)], 0)
    corrected = ledger.due(to_ms)[burst.key]

    assert (burst.is_burst, burst.count, burst.usual) == (True, 40, 4)
    assert burst.window_start_ms == BASE_MS + 40 * MINUTE_MS
    assert corrected == msgspec.structs.replace(
        burst, is_burst=False, usual=40, revision=burst.revision + 30 * 36
    )


def test_what_another_run_counts_deletes_the_bursts_of_the_run_before() -> None:
    history = [finals(minute, "tr", 40 if minute == 40 else 4, 1) for minute in range(41)]
    ledger = restarted([], history)
    for key, value in ledger.due(ledger.model.cells.watermark_ms).items():
        ledger.take(key, value)
    ledger.judged(ledger.model.cells.watermark_ms)

    ledger.model.remove([count.key for counts in history for count in counts])

    assert ledger.model.cells.watermark_ms is None
    assert set(ledger.due(None).values()) == {None}
    assert ledger.due(None).keys() == ledger.written.keys() != set()
