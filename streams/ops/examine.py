"""What is wrong with what Kafka holds for us. Pure: what was found in, findings with their repair out."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Literal, NamedTuple

from streams.topics import DAY_MS, TopicSpec

Level = Literal["ok", "warning", "error"]

#: Produce requests of Kafka 4.1 and newer; the number of a release is in no answer.
PRODUCE_OF_4_1 = 13
PRODUCE = 0

#: Clocks may differ by this much, and half the time that asking took, before it is worth a word.
SKEW_MS = 1_000


class Finding(NamedTuple):
    """One thing that was looked at: `what` it is, how it is, and how to mend it."""

    level: Level
    what: str
    message: str
    repair: str = ""


class Found(NamedTuple):
    """A topic as Kafka has it. `replicas` and `in_sync` are the fewest of any partition."""

    partitions: int
    leaderless: int
    replicas: int
    in_sync: int
    config: Mapping[str, str]


def versions(apis: Mapping[int, int], clients: Mapping[str, tuple[str, str]]) -> Iterator[Finding]:
    """Compare the broker's newest requests by API key, and (installed, pinned) version of each client."""
    if apis.get(PRODUCE, 0) < PRODUCE_OF_4_1:
        yield Finding(
            "error", "kafka version", "older than 4.1, which sandik is not tested with", "upgrade the brokers"
        )
    else:
        yield Finding("ok", "kafka version", "4.1 or newer")
    for client, (installed, pinned) in clients.items():
        if installed == pinned:
            yield Finding("ok", client, installed)
        else:
            repair = f"install {client}=={pinned}: other versions differ inside, where sandik depends on them"
            yield Finding("error", client, f"{installed}, not {pinned}", repair)


def topic(spec: TopicSpec, found: Found | None, factor: int, brokers: int) -> list[Finding]:
    """Compare a topic with what it must be. `factor` is SANDIK_REPLICATION_FACTOR."""
    what = f"topic {spec.name}"
    if found is None:
        return [Finding("error", what, "is missing", "run `sandik topics create`")]
    wrong = [
        Finding(level, what, message, repair)
        for level, message, repair in (
            *_shape(spec, found),
            *_cleaning(spec, found),
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
        repair = "`posts` has grown: stop all workers, and count all posts anew with `sandik runs replace`"
    elif spec.partitions == 1:
        repair = "its records would have no order: delete it and run `sandik topics create`"
    else:
        repair = f"set SANDIK_PARTITIONS={found.partitions}, or use another SANDIK_TOPIC_PREFIX"
    yield "error", message, repair


def _cleaning(spec: TopicSpec, found: Found) -> Iterator[_Wrong]:
    config = found.config
    wanted, policy = spec.config["cleanup.policy"], config["cleanup.policy"]
    if policy != wanted:
        loss = "what it holds is lost" if "delete" in policy else "it grows for ever"
        repair = _alter(spec, f"cleanup.policy={wanted}")
        yield "error", f"has cleanup.policy {policy}, not {wanted}: {loss}", repair
    elif wanted == "compact" and int(config["min.compaction.lag.ms"]) < DAY_MS:
        message = (
            f"has min.compaction.lag.ms {config['min.compaction.lag.ms']}, less than a day: what a frozen"
        )
        repair = _alter(spec, f"min.compaction.lag.ms={DAY_MS}")
        yield "warning", f"{message} worker writes late could outlive what is newer", repair
    elif wanted == "delete" and 0 <= int(config["retention.ms"]) < DAY_MS:
        message = f"has retention.ms {config['retention.ms']}, less than a day: what waits longer is lost"
        yield "warning", message, _alter(spec, f"retention.ms={spec.config['retention.ms']}")
    elif wanted == "delete" and int(config["retention.bytes"]) >= 0:
        message = f"has retention.bytes {config['retention.bytes']}: a burst pushes out what is not counted"
        yield "warning", message, _alter(spec, "retention.bytes=-1")


def _copies(spec: TopicSpec, found: Found, factor: int, brokers: int) -> Iterator[_Wrong]:
    needed = int(found.config["min.insync.replicas"])
    if found.leaderless:
        message = f"{found.leaderless} partitions have no leader: nobody can read or write them"
        yield "error", message, "start the brokers that are down: see Kafka's log"
    elif found.in_sync < needed:
        message = f"{found.in_sync} replicas are in sync, and min.insync.replicas is {needed}: writes fail"
        yield "error", message, f"start the brokers that are down, or {_alter(spec, 'min.insync.replicas=1')}"
    elif found.in_sync < found.replicas:
        message = f"{found.in_sync} of {found.replicas} replicas are in sync"
        yield "warning", message, "start the brokers that are down: see Kafka's log"
    if found.replicas < factor:
        message = f"has {found.replicas} replicas, and SANDIK_REPLICATION_FACTOR is {factor}"
        yield "warning", message, "add replicas with kafka-reassign-partitions.sh"
    elif found.replicas == 1 and brokers > 1:
        message = f"has one replica on one of {brokers} brokers: with its disk, the data is lost"
        yield (
            "warning",
            message,
            "add replicas with kafka-reassign-partitions.sh",
        )


def clock_skew(offsets_ms: Sequence[tuple[int, int]], max_ahead_ms: int) -> Finding:
    """Judge by (Kafka's clock minus ours, ms that asking took): the quickest answer is the best."""
    skew_ms, took_ms = min(offsets_ms, key=lambda one: one[1])
    side = "ahead of" if skew_ms > 0 else "behind"
    message = f"Kafka's is {abs(skew_ms)} ms {side} ours (asking took {took_ms} ms)"
    if abs(skew_ms) <= SKEW_MS + took_ms / 2:
        return Finding("ok", "clocks", message)
    repair = "let a time service set both (chrony, ntpd)"
    if abs(skew_ms) > max_ahead_ms:
        return Finding(
            "error", "clocks", f"{message}: more than SANDIK_MAX_AHEAD_MS, posts get rejected", repair
        )
    return Finding("warning", "clocks", f"{message}: latencies are wrong by as much", repair)


def errors(findings: Iterable[Finding]) -> int:
    """Return how many are errors."""
    return sum(finding.level == "error" for finding in findings)


def _alter(spec: TopicSpec, config: str) -> str:
    return f"kafka-configs.sh --alter --entity-type topics --entity-name {spec.name} --add-config {config}"
