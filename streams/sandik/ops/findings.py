"""Findings about Kafka and its topics. Pure: takes facts, returns findings, each with how to fix it."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Literal, NamedTuple

from packaging.specifiers import SpecifierSet

from sandik.clock import Skew
from sandik.kafka.record_times import alter_command, complaint
from sandik.kafka.topics import DAY_MS, TopicSpec

Level = Literal["ok", "warning", "error"]

#: The version of produce requests in Kafka 4.1 and newer. No answer of Kafka has the number of its release.
PRODUCE_OF_4_1 = 13
PRODUCE = 0


class Finding(NamedTuple):
    """One thing that was checked: what it is, its state, and how to fix it."""

    level: Level
    what: str
    message: str
    repair: str = ""


class Found(NamedTuple):
    """A topic in Kafka. `replicas` and `in_sync` are those of the partition with the fewest."""

    partitions: int
    leaderless: int
    replicas: int
    in_sync: int
    config: Mapping[str, str]


def versions(apis: Mapping[int, int], clients: Mapping[str, tuple[str, str]]) -> Iterator[Finding]:
    """Check the broker's newest requests by API key, and each client's (installed, tested) versions."""
    if apis.get(PRODUCE, 0) < PRODUCE_OF_4_1:
        yield Finding(
            "error", "kafka version", "older than 4.1, which sandik is not tested with", "upgrade the brokers"
        )
    else:
        yield Finding("ok", "kafka version", "4.1 or newer")
    for client, (installed, tested) in clients.items():
        if SpecifierSet(tested).contains(installed):
            yield Finding("ok", client, installed)
        else:
            repair = f"install '{client}{tested}': sandik is not tested with other versions"
            yield Finding("error", client, f"{installed}, not {tested}", repair)


def compiled(*, is_there: bool) -> Finding:
    """Say whether the compiled part finds the terms. It finds the same, in less than half the time."""
    if is_there:
        return Finding("ok", "counting", "with its compiled part")
    repair = "nothing needs to be done; with Rust, `make native` builds what finds terms in half the time"
    return Finding("ok", "counting", "in Python alone", repair)


def topic(spec: TopicSpec, found: Found | None, factor: int, brokers: int) -> list[Finding]:
    """Compare a topic with its definition. `factor` is SANDIK_REPLICATION_FACTOR."""
    what = f"topic {spec.name}"
    if found is None:
        return [Finding("error", what, "is missing", "run `sandik topics create`")]
    wrong = [
        Finding(level, what, message, repair)
        for level, message, repair in (
            *_shape(spec, found),
            *_cleaning(spec, found),
            *_times(spec, found),
            *_copies(spec, found, factor, brokers),
        )
    ]
    policy = found.config["cleanup.policy"]
    return wrong or [
        Finding("ok", what, f"{found.partitions} partitions, {policy}, {found.replicas} replicas")
    ]


_Wrong = tuple[Level, str, str]


def _shape(spec: TopicSpec, found: Found) -> Iterator[_Wrong]:
    if found.partitions == spec.partitions:
        return
    message = f"has {found.partitions} partitions, not {spec.partitions}"
    if spec.name.endswith("-changelog"):
        repair = (
            "`posts` has more partitions now: stop all workers, and count all posts again with `sandik "
            "runs replace`"
        )
    elif spec.partitions == 1:
        repair = "its records would have no order: delete it and run `sandik topics create`"
    else:
        repair = f"set SANDIK_PARTITIONS={found.partitions}, or use another SANDIK_TOPIC_PREFIX"
    yield "error", message, repair


def _cleaning(spec: TopicSpec, found: Found) -> Iterator[_Wrong]:
    config = found.config
    wanted, policy = spec.config["cleanup.policy"], config["cleanup.policy"]
    if policy != wanted:
        loss = "its records are lost" if "delete" in policy else "it grows forever"
        repair = alter_command(spec.name, {"cleanup.policy": wanted})
        yield "error", f"has cleanup.policy {policy}, not {wanted}: {loss}", repair
    elif wanted == "compact" and int(config["min.compaction.lag.ms"]) < DAY_MS:
        message = (
            f"has min.compaction.lag.ms {config['min.compaction.lag.ms']}, less than a day: what a frozen"
        )
        repair = alter_command(spec.name, {"min.compaction.lag.ms": str(DAY_MS)})
        yield "warning", f"{message} worker writes late could outlive what is newer", repair
    elif wanted == "delete" and 0 <= int(config["retention.ms"]) < DAY_MS:
        message = f"has retention.ms {config['retention.ms']}, less than a day: older records are lost"
        yield "warning", message, alter_command(spec.name, {"retention.ms": spec.config["retention.ms"]})
    elif wanted == "delete" and int(config["retention.bytes"]) >= 0:
        message = f"has retention.bytes {config['retention.bytes']}: a burst deletes uncounted records"
        yield "warning", message, alter_command(spec.name, {"retention.bytes": "-1"})


def _times(spec: TopicSpec, found: Found) -> Iterator[_Wrong]:
    if said := complaint(spec, found.config):
        is_ours = spec.name.endswith("-changelog")
        yield "error", said, "start a worker, which sets it" if is_ours else "run `sandik topics create`"


def _copies(spec: TopicSpec, found: Found, factor: int, brokers: int) -> Iterator[_Wrong]:
    needed = int(found.config["min.insync.replicas"])
    if found.leaderless:
        message = f"{found.leaderless} partitions have no leader: nobody can read or write them"
        yield "error", message, "start the brokers that are down: see Kafka's log"
    elif found.in_sync < needed:
        message = f"{found.in_sync} replicas are in sync, and min.insync.replicas is {needed}: writes fail"
        lower = alter_command(spec.name, {"min.insync.replicas": "1"})
        yield "error", message, f"start the brokers that are down, or {lower}"
    elif found.in_sync < found.replicas:
        message = f"{found.in_sync} of {found.replicas} replicas are in sync"
        yield "warning", message, "start the brokers that are down: see Kafka's log"
    if found.replicas < factor:
        message = f"has {found.replicas} replicas, and SANDIK_REPLICATION_FACTOR is {factor}"
        yield "warning", message, "add replicas with kafka-reassign-partitions.sh"
    elif found.replicas == 1 and brokers > 1:
        message = f"has one replica on one of {brokers} brokers: with its disk, the data is lost"
        yield ("warning", message, "add replicas with kafka-reassign-partitions.sh")


def clock_skew(skew: Skew, max_ahead_ms: int) -> Finding:
    """Judge the difference between Kafka's clock and this machine's."""
    if not skew.is_worth_a_word:
        return Finding("ok", "clocks", str(skew))
    repair = "set both by a time service (chrony, ntpd)"
    if abs(skew.kafka_ahead_ms) > max_ahead_ms:
        message = f"{skew}: more than SANDIK_MAX_AHEAD_MS, new posts with such a clock are rejected"
        return Finding("error", "clocks", message, repair)
    return Finding("warning", "clocks", f"{skew}: latencies are wrong by that much", repair)


def errors(findings: Iterable[Finding]) -> int:
    """Return the number of errors."""
    return sum(finding.level == "error" for finding in findings)
