"""Laws of the posts by source, which `mentions` tell and `counts` do not."""

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from sandik.figures.by_source import MAX_SOURCES, OTHERS
from sandik.figures.examples import Examples
from sandik.figures.rollup import Query
from sandik_schemas.mention import Mention
from sandik_schemas.pair import DEFAULT_PAIR
from tests.dashboard.builders import BASE_MS, MINUTE_MS, a_mention

mentions = st.lists(
    st.builds(
        lambda second, source, tags: a_mention(
            0, created_at_ms=BASE_MS + second * 1_000, source=source, tags=tags
        ),
        st.integers(0, 7_200),
        st.sampled_from(["x", "telegram", "a+b"]),
        st.sampled_from([("election",), ("deepfake",), ("deepfake", "election")]),
    ),
    max_size=40,
).map(lambda found: [with_place(one, offset) for offset, one in enumerate(found)])
rollups = st.sampled_from([1, 5, 60, 1_440])
bounds = st.tuples(st.integers(-10, 130), st.integers(-10, 130)).map(
    lambda minutes: [BASE_MS + minute * MINUTE_MS for minute in sorted(minutes)]
)


def with_place(mention: Mention, offset: int) -> Mention:
    return a_mention(offset, created_at_ms=mention.created_at_ms, source=mention.source, tags=mention.tags)


@settings(deadline=None, max_examples=60)
@given(mentions, rollups, bounds)
def test_whatever_the_roll_up_each_post_is_counted_once_under_its_source(
    found: list[Mention], rollup: int, span: list[int]
) -> None:
    examples = Examples()
    examples.add(found)
    examples.add(found)  # after a crash they come again
    wanted: Counter[tuple[str, str]] = Counter()
    for one in found:
        if span[0] <= one.created_at_ms < span[1]:
            tags = [*one.tags, *(["both"] if len(one.tags) == 2 else [])]
            wanted.update((one.source.replace("+", " "), tag) for tag in tags)

    told: Counter[tuple[str, str]] = Counter()
    for row in examples.by_source.rows(
        Query(rollup * MINUTE_MS, from_ms=span[0], to_ms=span[1]), (DEFAULT_PAIR,)
    ):
        told.update({(row.source, tag): posts for tag, posts in row.posts.items()})
        base = row.posts.get("election", 0)
        assert (row.share is None) == (not base)
        if row.share:
            assert row.share.value == round(row.posts.get("both", 0) / base, 6)

    assert told == wanted


def test_sources_that_are_made_up_cost_no_memory() -> None:
    examples = Examples()
    examples.add(a_mention(offset, source=f"source {offset}") for offset in range(MAX_SOURCES + 50))

    posts = {row.source: row.posts for row in examples.by_source.rows(Query(60 * MINUTE_MS), (DEFAULT_PAIR,))}

    assert len(posts) == MAX_SOURCES + 1
    assert posts[OTHERS] == {"election": 50}
