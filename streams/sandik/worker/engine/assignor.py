"""Which member reads which partition: equal shares of each topic, with as few moves as possible."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import ClassVar, Protocol

import msgspec
from aiokafka.coordinator.assignors.abstract import AbstractPartitionAssignor
from aiokafka.coordinator.protocol import ConsumerProtocolMemberAssignment, ConsumerProtocolMemberMetadata

#: Partitions by topic.
Owned = Mapping[str, Collection[int]]


def shares(
    members: Sequence[str], topics: Mapping[str, Collection[int]], owned: Mapping[str, Owned]
) -> dict[str, dict[str, list[int]]]:
    """Return each member's partitions of each topic, sorted. `owned`: what members had before.

    Each member gets the same number of partitions of a topic, or one more. Members with fewer partitions in
    all get the remaining ones first. A partition stays with its member unless that has more than its share.
    If two members claim a partition, the first gets it: the other was out of the group when it moved.
    """
    found: dict[str, dict[str, list[int]]] = {member: {} for member in members}
    for topic in sorted(topics, key=lambda topic: (-len(topics[topic]), topic)):
        claims = {member: owned.get(member, {}).get(topic, ()) for member in members}
        total = {member: sum(map(len, found[member].values())) for member in members}
        for member, some in _shared(members, sorted(topics[topic]), claims, total).items():
            found[member][topic] = sorted(some)
    return found


def _shared(
    members: Sequence[str],
    partitions: Sequence[int],
    claims: Mapping[str, Collection[int]],
    total: Mapping[str, int],
) -> dict[str, list[int]]:
    at_least, with_one_more = divmod(len(partitions), len(members))
    # Members with the most partitions of this topic keep one more; those with the fewest in all get the rest.
    ranked = sorted(members, key=lambda member: (-len(claims[member]), total[member], member))
    most = {member: at_least + (rank < with_one_more) for rank, member in enumerate(ranked)}
    found: dict[str, list[int]] = {member: [] for member in members}
    free = set(partitions)
    for member in ranked:
        kept = sorted(free.intersection(claims[member]))[: most[member]]
        found[member] = kept
        free.difference_update(kept)
    for partition in sorted(free):
        member = min(
            (one for one in members if len(found[one]) < most[one]), key=lambda one: (len(found[one]), one)
        )
        found[member].append(partition)
    return found


class EvenAssignor(AbstractPartitionAssignor):  # type: ignore[misc]  # aiokafka has no types
    """The rule above in Kafka's group protocol; members tell what they have in their user data."""

    name = "sandik-even"
    #: What this process was assigned last. aiokafka asks the class, of which a worker has one.
    _owned: ClassVar[dict[str, list[int]]] = {}

    @classmethod
    def assign(
        cls, cluster: "Cluster", members: Mapping[str, ConsumerProtocolMemberMetadata]
    ) -> dict[str, ConsumerProtocolMemberAssignment]:
        """Share the partitions of all topics that members read."""
        names = {topic for one in members.values() for topic in one.subscription}
        topics = {name: cluster.partitions_for_topic(name) or () for name in names}
        owned = {member: _decoded(one.user_data) for member, one in members.items()}
        found = shares(sorted(members), topics, owned)
        return {
            member: ConsumerProtocolMemberAssignment(0, [*some.items()], b"")
            for member, some in found.items()
        }

    @classmethod
    def metadata(cls, topics: Iterable[str]) -> ConsumerProtocolMemberMetadata:
        """Say which topics are read, and which partitions this member had last."""
        return ConsumerProtocolMemberMetadata(0, [*topics], msgspec.json.encode(cls._owned))

    @classmethod
    def on_assignment(cls, assignment: ConsumerProtocolMemberAssignment) -> None:
        """Remember what this member has."""
        cls._owned = {topic: [*partitions] for topic, partitions in assignment.assignment}


class Cluster(Protocol):
    """What is asked of aiokafka's cluster metadata."""

    def partitions_for_topic(self, topic: str) -> Collection[int] | None: ...  # noqa: D102


def _decoded(user_data: bytes) -> Owned:
    try:
        return msgspec.json.decode(user_data, type=dict[str, list[int]])
    except msgspec.MsgspecError:  # of another program in the group, or of another version
        return {}
