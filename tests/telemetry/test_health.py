"""The answers of the probes: what each fact means for being alive and being ready."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandik.telemetry.health import LOOP_SILENT_S, Facts, alive, ready

WELL = Facts(loop_silent_s=0.5, is_assigned=True, has_coordinator=True)


def test_a_worker_that_is_well_is_alive_and_ready() -> None:
    assert (alive(WELL).state, alive(WELL).is_ok) == ("alive", True)
    assert (ready(WELL).state, ready(WELL).is_ok) == ("ready", True)


@pytest.mark.parametrize(
    ("changed", "state", "is_alive"),
    [
        (Facts(), "starting", True),
        (replace(WELL, is_assigned=False), "starting", True),
        (replace(WELL, is_assigned=False, is_recovering=True, is_rebalancing=True), "recovering", True),
        (replace(WELL, is_assigned=False, is_rebalancing=True), "rebalancing", True),
        (replace(WELL, has_coordinator=False), "broker_away", True),
        (Facts(awaits_kafka=True), "broker_away", True),
        (replace(WELL, awaits_kafka=True), "broker_away", True),
        (replace(WELL, uncommitted_s={3: 60.0}), "not_committing", True),
        (replace(WELL, is_stopping=True), "stopping", True),
        (replace(WELL, crash="RuntimeError: out of cheese"), "crashed", False),
        (replace(WELL, loop_silent_s=LOOP_SILENT_S + 1), "stuck", False),
    ],
)
def test_whatever_is_amiss_is_named_and_only_what_a_restart_mends_is_not_alive(
    changed: Facts, state: str, is_alive: bool
) -> None:
    answer = ready(changed)

    assert (answer.state, answer.is_ok) == (state, False)
    assert answer.as_json()["reasons"]
    assert alive(changed).is_ok == is_alive


facts = st.builds(
    Facts,
    is_stopping=st.booleans(),
    crash=st.none() | st.text(max_size=5),
    loop_silent_s=st.none() | st.floats(0, 100),
    awaits_kafka=st.booleans(),
    is_assigned=st.booleans(),
    is_rebalancing=st.booleans(),
    is_recovering=st.booleans(),
    has_coordinator=st.booleans(),
    uncommitted_s=st.dictionaries(st.integers(0, 9), st.floats(0, 100), max_size=2),
)


@given(facts)
def test_who_is_not_alive_is_not_ready(facts: Facts) -> None:
    assert alive(facts).is_ok or not ready(facts).is_ok
    assert {reason.state for reason in alive(facts).reasons} <= {r.state for r in ready(facts).reasons}
