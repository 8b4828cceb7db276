"""Laws of sharing partitions among workers."""

from collections import Counter
from collections.abc import Mapping

import msgspec
from aiokafka.coordinator.protocol import ConsumerProtocolMemberMetadata
from hypothesis import given
from hypothesis import strategies as st

from sandik.worker.engine.assignor import EvenAssignor, shares

POSTS, PARTIALS = "posts", "partials"
Shares = Mapping[str, Mapping[str, list[int]]]

groups = st.lists(st.integers(0, 99).map("worker-{}".format), unique=True, min_size=1, max_size=12)
topics = st.integers(1, 40).map(lambda partitions: {POSTS: range(partitions), PARTIALS: range(1)})


def all_of(found: Shares) -> list[tuple[str, int]]:
    return [
        (topic, partition)
        for some in found.values()
        for topic, partitions in some.items()
        for partition in partitions
    ]


@given(groups, topics, st.data())
def test_each_partition_has_one_owner_whatever_members_claim(
    members: list[str], topics: dict[str, range], data: st.DataObject
) -> None:
    claims = st.dictionaries(st.sampled_from([POSTS, PARTIALS, "gone"]), st.lists(st.integers(0, 60)))
    owned = data.draw(st.dictionaries(st.sampled_from([*members, "gone"]), claims))

    found = all_of(shares(members, topics, owned))

    assert Counter(found) == Counter((topic, one) for topic, some in topics.items() for one in some)


@given(groups, topics)
def test_shares_of_a_topic_differ_by_one_at_most(members: list[str], topics: dict[str, range]) -> None:
    found = shares(members, topics, {})

    sizes = [len(found[member][POSTS]) for member in members]
    assert max(sizes) - min(sizes) <= 1


@given(groups, topics)
def test_who_has_fewest_posts_has_the_partials(members: list[str], topics: dict[str, range]) -> None:
    found = shares(members, topics, {})

    [owner] = [member for member in members if found[member][PARTIALS]]
    assert len(found[owner][POSTS]) == min(len(found[member][POSTS]) for member in members)


@given(groups, topics)
def test_nothing_moves_while_nobody_comes_or_goes(members: list[str], topics: dict[str, range]) -> None:
    before = shares(members, topics, {})

    assert shares(members[::-1], topics, before) == before


@given(groups.filter(lambda members: len(members) > 1), topics)
def test_a_member_that_leaves_moves_only_what_it_had(members: list[str], topics: dict[str, range]) -> None:
    gone, *left = members
    before = shares(members, topics, {})
    after = shares(left, topics, before)

    for member in left:
        assert set(before[member][POSTS]) <= set(after[member][POSTS])
        assert set(before[member][PARTIALS]) <= set(after[member][PARTIALS])
    assert set(all_of(after)) == set(all_of(before))
    assert gone not in after


@given(groups, topics)
def test_a_member_that_joins_takes_no_more_than_its_share(
    members: list[str], topics: dict[str, range]
) -> None:
    before = shares(members, topics, {})
    after = shares([*members, "new"], topics, before)

    moved = set(all_of(before)) - {
        (topic, one) for member in members for topic in topics for one in after[member][topic]
    }
    assert moved == {(topic, one) for topic in topics for one in after["new"][topic]}


@given(groups, topics)
def test_kafkas_protocol_carries_the_same(members: list[str], topics: dict[str, range]) -> None:
    class Cluster:
        def partitions_for_topic(self, topic: str) -> range | None:
            return topics.get(topic)

    before = shares(members, topics, {})
    said = {
        member: ConsumerProtocolMemberMetadata(0, [*topics], msgspec.json.encode(before[member]))
        for member in members
    }
    found = EvenAssignor.assign(Cluster(), said)

    encoded = {member: type(one).decode(one.encode()) for member, one in found.items()}
    assert {
        member: {topic: sorted(some) for topic, some in one.assignment} for member, one in encoded.items()
    } == before


def test_what_another_program_says_of_itself_is_no_claim() -> None:
    class Cluster:
        def partitions_for_topic(self, _: str) -> range | None:
            return range(2)

    said = {"a": ConsumerProtocolMemberMetadata(0, [POSTS], b"\xff\x00")}

    [found] = EvenAssignor.assign(Cluster(), said).values()
    assert found.assignment == [(POSTS, [0, 1])]
