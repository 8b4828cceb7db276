"""Laws of the cells and their roll-ups, against a count that is written as plainly as possible."""

from collections import Counter
from collections.abc import Iterable

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandik.errors import UsageError
from sandik.figures.cell_store import STEP, Cells, Group, summed_by
from sandik.figures.live_counts import Model
from sandik.figures.rollup import EVERY, Query, Row, changed_rows, rows
from sandik_schemas.count import CellKey, Count
from sandik_schemas.languages import languages_in
from tests.dashboard.builders import BASE_MS, MINUTE_MS, a_count
from tests.support.examples import examples

HOUR = Query(rollup_ms=60 * MINUTE_MS)
TAGS = ("all", "election", "deepfake", "both")

records = st.builds(
    a_count,
    st.sampled_from(TAGS),
    st.sampled_from(("tr", "ru", "ru+tr")),
    minute=st.integers(0, 80),
    count=st.integers(0, 60),
    late_count=st.integers(0, 3),
    revision=st.integers(0, 12),
    is_final=st.booleans(),
)
#: A cell's revision says what it holds, as merge has it.
consistent = st.lists(records, max_size=60).map(
    lambda found: list({(one.key, one.revision): one for one in found}.values())
)
rollups = st.sampled_from([1, 5, 7, 60, 1_440]).map(lambda minutes: Query(rollup_ms=minutes * MINUTE_MS))
#: Instants around the records' windows, mostly in the middle of a bucket and at times of a window.
instants = st.builds(
    lambda minute, extra_ms: BASE_MS + minute * MINUTE_MS + extra_ms,
    st.integers(-100, 100),
    st.sampled_from([0, 0, 1, 30_000, MINUTE_MS - 1]),
)
spans = st.tuples(st.just(0) | instants, st.just(1 << 53) | instants)


def cells_of(counts: Iterable[Count], version: int = 1) -> Cells:
    cells = Cells(MINUTE_MS)
    for count in counts:
        cells.add(count, version)
    return cells


def newest(counts: Iterable[Count]) -> list[Count]:
    latest: dict[bytes, Count] = {}
    for count in counts:
        if count.key not in latest or latest[count.key].revision <= count.revision:
            latest[count.key] = count
    return list(latest.values())


def by_place(found: Iterable[Row]) -> dict[tuple[str, int], Row]:
    return {(row.language, row.start_ms): row for row in found}


@examples(60)
@given(consistent, rollups)
def test_a_row_is_the_sum_of_its_finals_and_apart_of_its_currents(counts: list[Count], query: Query) -> None:
    final: Counter[tuple[str, int, str]] = Counter()
    current: Counter[tuple[str, int, str]] = Counter()
    for one in newest(counts):
        start_ms = one.window_start_ms - one.window_start_ms % query.rollup_ms
        for language in (*languages_in(one.language), EVERY):
            (final if one.is_final else current)[language, start_ms, one.tag] += one.count

    found = rows(cells_of(counts), query)

    for name, wanted in (("counts", final), ("current", current)):
        got = Counter(
            {(row.language, row.start_ms, tag): n for row in found for tag, n in getattr(row, name).items()}
        )
        assert got == +wanted


@examples(200)
@given(consistent, rollups, spans)
def test_whatever_the_roll_up_and_the_span_the_rows_sum_to_the_windows_that_start_in_the_span(
    counts: list[Count], query: Query, span: tuple[int, int]
) -> None:
    from_ms, to_ms = span
    wanted: Counter[tuple[str, str]] = Counter()
    for one in newest(counts):
        if from_ms <= one.window_start_ms < to_ms:
            for language in (*languages_in(one.language), EVERY):
                wanted[language, one.tag] += one.count

    found = rows(cells_of(counts), query._replace(from_ms=from_ms, to_ms=to_ms))

    got: Counter[tuple[str, str]] = Counter()
    for row in found:
        assert row.start_ms % query.rollup_ms == 0
        assert row.start_ms < to_ms
        assert row.end_ms > from_ms
        for by_tag in (row.counts, row.current):
            got.update({(row.language, tag): posts for tag, posts in by_tag.items()})
    assert got == +wanted


@examples(100)
@given(consistent, rollups, st.integers(1, 100 * MINUTE_MS))
def test_a_span_is_what_lies_so_long_before_the_end_of_the_newest_window(
    counts: list[Count], query: Query, span_ms: int
) -> None:
    from_ms = max((one.window_end_ms for one in newest(counts)), default=0) - span_ms

    found = rows(cells_of(counts), query._replace(span_ms=span_ms))

    assert found == rows(cells_of(counts), query._replace(from_ms=max(0, from_ms)))


@examples(60)
@given(st.data(), consistent, rollups)
def test_the_order_of_records_does_not_matter(data: st.DataObject, counts: list[Count], query: Query) -> None:
    shuffled = data.draw(st.permutations(counts))

    def without_corrections(found: list[Row]) -> list[Row]:
        return [msgspec.structs.replace(row, corrected={}) for row in found]  # these are what was seen when

    assert without_corrections(rows(cells_of(counts), query)) == without_corrections(
        rows(cells_of(shuffled), query)
    )


@examples(60)
@given(st.lists(consistent, min_size=1, max_size=4), rollups, st.data())
def test_rows_then_the_changes_are_the_rows_of_now(
    batches: list[list[Count]], query: Query, data: st.DataObject
) -> None:
    """What a page holds after any stream of changes is what a new page would be given."""
    query = query._replace(
        languages=data.draw(st.sampled_from([frozenset(), frozenset({"tr"}), frozenset({"*", "ru"})])),
        tags=data.draw(st.sampled_from([frozenset(), frozenset({"election"})])),
    )
    if data.draw(st.booleans()):
        query = query._replace(span_ms=data.draw(st.integers(1, 100 * MINUTE_MS)))
    else:
        query = query._replace(**dict(zip(("from_ms", "to_ms"), data.draw(spans), strict=True)))
    seen_after = data.draw(st.integers(0, len(batches) - 1))
    cells = Cells(MINUTE_MS)
    held: dict[tuple[str, int], Row] = {}
    for version, batch in enumerate(batches, 1):
        for count in batch:
            cells.add(count, version)
        if version - 1 == seen_after:
            held = by_place(rows(cells, query))

    from_ms = query.now(cells).from_ms
    held = {place: row for place, row in held.items() if row.start_ms >= from_ms}
    held |= by_place(changed_rows(cells, query, seen_after + 1))

    assert held == by_place(rows(cells, query))


@given(
    st.lists(
        st.tuples(st.sampled_from(["add", "remove", "look"]), st.integers(0, 2_100), st.integers(1, 9)),
        max_size=25,
    )
)
def test_sums_of_steps_are_those_of_their_windows_whatever_was_asked_before(
    happened: list[tuple[str, int, int]],
) -> None:
    cells = Cells(MINUTE_MS)
    first_ms = BASE_MS // (STEP * MINUTE_MS) * STEP * MINUTE_MS
    end_ms = first_ms + 40 * STEP * MINUTE_MS
    for revision, (what, minute, posts) in enumerate([*happened, ("look", 0, 0)], 1):
        # The version stands still: what is kept must not depend on it.
        if what == "add":
            language = "tr" if posts % 2 else "ru+tr"
            count = a_count(
                "all", language, minute=minute, count=posts, revision=revision, is_final=posts < 5
            )
            cells.add(count, 1)
        elif what == "remove":
            cells.remove(CellKey(BASE_MS + minute * MINUTE_MS, MINUTE_MS, "tr", "all"))
        else:
            windows = cells.find([Group("tr"), Group("ru+tr")], "all", first_ms, end_ms)
            steps = cells.find_steps([Group("tr"), Group("ru+tr")], "all", first_ms, end_ms)
            expected = summed_by(windows.window // STEP, windows[1:])
            assert [part.tolist() for part in steps] == [part.tolist() for part in expected]


def test_a_burst_ahead_of_a_corrected_bucket_is_told() -> None:
    """Its own counts have not changed, but what it is compared with has."""
    quiet = [
        a_count(tag, minute=minute, count=10, is_final=True, revision=3)
        for minute in range(30)
        for tag in ("all", "election")
    ]
    cells = cells_of([*quiet, a_count("all", minute=30, count=30), a_count("election", minute=30, count=30)])
    query = Query(rollup_ms=MINUTE_MS, languages=frozenset({"tr"}))
    before = by_place(rows(cells, query))
    for minute in range(20):
        cells.add(a_count("election", minute=minute, count=22, is_final=True, revision=5), 2)

    told = by_place(changed_rows(cells, query, 1))

    last = "tr", BASE_MS + 30 * MINUTE_MS
    assert (before[last].bursts, told[last].bursts) == (["election"], [])


def test_a_final_that_changes_is_a_correction() -> None:
    cells = cells_of(
        [
            a_count("election", count=3, revision=6),
            a_count("election", count=4, revision=9, is_final=True),
            a_count("election", count=6, revision=13, is_final=True),
            a_count("election", count=4, revision=9, is_final=True),
        ]
    )

    [row] = rows(cells, Query(rollup_ms=MINUTE_MS, languages=frozenset({"tr"})))

    assert (row.counts, row.corrected) == ({"election": 6}, {"election": 2})


def test_the_share_is_of_election_posts_and_has_its_interval() -> None:
    cells = cells_of([a_count("election", count=50), a_count("both", count=10)])

    [row] = rows(cells, HOUR._replace(languages=frozenset({"tr"})))

    assert row.share is not None
    assert (row.share.value, round(row.share.low, 4), round(row.share.high, 4)) == (0.2, 0.1124, 0.3304)


def test_without_election_posts_there_is_no_share() -> None:
    assert [row.share for row in rows(cells_of([a_count("all", count=5)]), HOUR)] == [None, None]


def test_windows_that_do_not_add_up_to_a_bucket_are_refused() -> None:
    with pytest.raises(UsageError, match="multiple of the windows' 60000 ms"):
        rows(cells_of([a_count()]), Query(rollup_ms=90_000))


@examples(60)
@given(consistent)
def test_the_model_counts_versions_only_when_something_changes(counts: list[Count]) -> None:
    model = Model()
    model.add(counts, 1)
    before = model.version

    older = [msgspec.structs.replace(one, revision=-1) for one in newest(counts)]

    assert not model.add(older, 2)
    assert model.version == before
