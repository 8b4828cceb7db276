"""Whether the worker is alive and ready, and if not, why. Pure: facts in, reasons out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

#: An event loop that stands still for longer is stuck. The slowest detector needs a tenth of it a batch.
LOOP_SILENT_S = 30.0


@dataclass(frozen=True)
class Facts:
    """What is known about a worker at one moment. The defaults: it has just started."""

    is_stopping: bool = False
    crash: str | None = None
    #: Kafka does not answer. When it does, the worker starts again.
    awaits_kafka: bool = False
    #: Time since the event loop last moved; None before it runs.
    loop_silent_s: float | None = None
    is_assigned: bool = False
    is_rebalancing: bool = False
    is_recovering: bool = False
    has_coordinator: bool = False
    #: Partitions whose counted posts should be committed and are not, and for how long.
    uncommitted_s: Mapping[int, float] = field(default_factory=dict)
    #: Paused partitions, each with the offset at which counting stopped, and why.
    paused: Mapping[int, str] = field(default_factory=dict)


class Reason(NamedTuple):
    """Why a worker is not alive or ready: a word for programs, a sentence for people."""

    state: str
    text: str


class Answer(NamedTuple):
    """The answer to one probe. `state` is that of the first reason or notice; without any, the probe's name.

    A notice is worth knowing, but not a reason to fail the probe.
    """

    state: str
    reasons: list[Reason]
    notices: list[Reason]

    @property
    def is_ok(self) -> bool:
        """Return whether there is no reason against it."""
        return not self.reasons

    def as_json(self) -> dict[str, Any]:
        """Return the body of the answer."""
        return {
            "ok": self.is_ok,
            "state": self.state,
            "reasons": [reason.text for reason in self.reasons],
            "notices": [notice.text for notice in self.notices],
        }


def alive(facts: Facts) -> Answer:
    """Return whether the worker is alive. If not, it crashed or its event loop is stuck: a restart helps."""
    reasons = []
    if facts.crash is not None:
        reasons.append(Reason("crashed", f"the worker has crashed and is ending: {facts.crash}"))
    if facts.loop_silent_s is not None and facts.loop_silent_s > LOOP_SILENT_S:
        text = f"the event loop has not moved for {facts.loop_silent_s:.0f} s: something blocks it"
        reasons.append(Reason("stuck", text))
    return _answer(reasons, "alive")


def ready(facts: Facts) -> Answer:
    """Return whether the worker counts posts: it is assigned, recovered, committing, and not rebalancing.

    A paused partition is a notice: another worker could not count it either, and a rollout must continue.
    """
    reasons = []
    if facts.is_stopping:
        reasons.append(Reason("stopping", "the worker was told to stop, and is handing over"))
    reasons += alive(facts).reasons
    if facts.awaits_kafka:
        reasons.append(Reason("broker_away", "Kafka does not answer; the worker starts again when it does"))
        return _answer(reasons, "ready")
    if facts.is_recovering:
        reasons.append(Reason("recovering", "the state is being read from the changelog"))
    if facts.is_rebalancing:
        reasons.append(Reason("rebalancing", "the group is reassigning partitions"))
    elif not facts.is_assigned and not facts.is_recovering:
        reasons.append(Reason("starting", "no partitions have been assigned yet"))
    if facts.is_assigned and not facts.has_coordinator:
        text = "Kafka's coordinator of the group does not answer: see SANDIK_BROKER and the log"
        reasons.append(Reason("broker_away", text))
    reasons += [
        Reason(
            "not_committing", f"partition {partition}: counted posts are not committed for {silent_s:.0f} s"
        )
        for partition, silent_s in sorted(facts.uncommitted_s.items())
    ]
    notices = [
        Reason("paused", f"partition {partition} is paused {how}: see `sandik partitions paused`")
        for partition, how in sorted(facts.paused.items())
    ]
    return _answer(reasons, "ready", notices)


def _answer(reasons: list[Reason], well: str, notices: Sequence[Reason] = ()) -> Answer:
    first = [*reasons, *notices, Reason(well, "")][0]
    return Answer(first.state, reasons, [*notices])
