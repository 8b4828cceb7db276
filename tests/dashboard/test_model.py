"""What the page must be told besides the counts."""

from sandik.figures.live_counts import Model, Version
from tests.dashboard.builders import a_count

MINUTE_MS = 60_000


def test_counts_that_stop_are_stale_after_a_minute_and_not_before() -> None:
    model = Model()
    assert model.stale_since_ms(10**12) is None

    model.add([a_count()], 1_000)

    assert model.stale_since_ms(1_000 + 3 * MINUTE_MS) is None
    assert model.stale_since_ms(1_001 + 3 * MINUTE_MS) == 1_000


def test_counts_without_a_new_final_window_are_a_watermark_that_stalls_and_a_final_ends_it() -> None:
    model = Model()
    model.add([a_count(is_final=True)], 0)
    for minute in range(1, 5):
        model.add([a_count(minute=minute)], minute * MINUTE_MS)
    assert model.stalled_since_ms() == 0

    model.add([a_count(minute=1, revision=3, is_final=True)], 5 * MINUTE_MS)

    assert model.stalled_since_ms() is None


def test_a_stream_that_has_stopped_is_stale_but_not_stalled() -> None:
    model = Model()
    model.add([a_count()], 0)

    assert model.stalled_since_ms() is None


def test_of_two_window_sizes_the_newer_run_is_shown_and_the_other_is_named() -> None:
    model = Model()
    model.add([a_count(count=5, emitted_at_ms=1)], 0)
    before = model.version
    model.add([a_count(size=5, count=7, emitted_at_ms=2)], 0)

    assert (model.cells.window_size_ms, model.other_window_sizes_ms) == (5 * MINUTE_MS, [MINUTE_MS])
    assert model.version.epoch != before.epoch

    model.add([a_count(minute=1, emitted_at_ms=1)], 0)
    assert model.cells.window_size_ms == 5 * MINUTE_MS


def test_a_version_survives_being_written_down() -> None:
    version = Model().version

    assert Version.parse(str(version)) == version
    assert [Version.parse(text) for text in ("", "7", "x-", "-1", "a-b", "a-١")] == [None] * 6


def test_numbers_never_repeat_when_a_topic_is_another_so_that_old_cells_are_not_told_as_new() -> None:
    model = Model()
    model.add_sources([a_count(source="x", minute=minute) for minute in range(3)])
    before = model.version
    model.add([a_count()], 0)  # the first of `counts` chooses the window size anew
    assert model.version.number > before.number

    before = model.version
    model.clear()
    assert (model.version.epoch != before.epoch, model.version.number >= before.number) == (True, True)


def test_who_holds_rows_by_source_starts_over_when_these_are_taken_back() -> None:
    for take_back in (Model.clear_sources, lambda one: one.remove_sources([a_count(source="x").key])):
        model = Model()
        model.add_sources([a_count(source="x")])
        before = model.version

        take_back(model)

        assert model.version.epoch != before.epoch
