"""What a batch adds to the metrics; and docs/metrics.md says what there is."""

from pathlib import Path

import pytest
from msgspec.structs import replace
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from sandik.clock import SystemClock
from sandik.counting.state import PartitionState
from sandik.counting.windows.final_and_late import Timing
from sandik.telemetry.metric_catalogue import METRICS
from sandik.telemetry.metrics import Metrics, corrections
from sandik.worker.vitals import Vitals
from sandik_schemas.partial import PartitionClock, WindowPartial
from tests.docs.metrics_page import as_markdown

DOCS = Path(__file__).parents[2] / "docs" / "metrics.md"
TIMING = Timing(window_size_ms=1_000, max_disorder_ms=500, allowed_lateness_ms=10_000)


def test_the_table_in_the_docs_is_that_of_the_code() -> None:
    assert as_markdown() == DOCS.read_text("utf-8"), "run `make metrics`"


def test_every_metric_of_ours_is_in_the_catalogue_with_its_kind() -> None:
    metrics = Metrics(SystemClock())
    Vitals(metrics, 1.0)
    kinds = {
        family.name: family.type
        for family in text_string_to_metric_families(generate_latest(metrics.registry).decode())
        if family.name.startswith("sandik_")
    }
    documented = {metric.name.removesuffix("_total"): metric.kind for metric in METRICS}

    assert kinds.items() <= documented.items()


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_names_follow_the_rules_of_prometheus(metric: object) -> None:
    name, kind, unit = metric[0], metric[1], metric[2]  # type: ignore[index]

    assert name.startswith("sandik_")
    assert name.endswith("_total") == (kind == "counter")
    assert name.endswith("_seconds") == (unit == "seconds")


def a_window(start_ms: int, posts: int) -> WindowPartial:
    return WindowPartial("run", 0, start_ms, posts, {"tr": {"all": posts, "election": 1}}, {})


def test_posts_that_come_to_a_final_window_are_corrections_and_others_are_not() -> None:
    state = PartitionState.empty("run", 0)
    windows = [a_window(0, 5), a_window(1_000, 7)]
    assert corrections(state, windows, TIMING) == 0  # nothing was final before the first batch

    state.take([a_window(0, 3), a_window(1_000, 6), _clock(state, 1_600)])

    assert corrections(state, windows, TIMING) == 2  # of [0, 1000), which the watermark 1,100 has passed


def _clock(state: PartitionState, clock_ms: int) -> PartitionClock:
    return replace(state.clock, clock_ms=clock_ms, offset=9)
