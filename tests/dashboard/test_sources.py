"""Laws of the posts by source: of those that are counted apart, and of those that `mentions` tell."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from sandik.figures.by_source import MAX_SOURCES, OTHERS
from sandik.figures.examples import Examples
from sandik.figures.headline import headline
from sandik.figures.live_counts import Model
from sandik.figures.rollup import EVERY, Query, rows
from sandik.figures.where import Part, by_language, by_source
from sandik_schemas.count import Count
from sandik_schemas.mention import Mention
from sandik_schemas.pair import DEFAULT_PAIR
from tests.dashboard.builders import BASE_MS, MINUTE_MS, a_count, a_mention
from tests.figures.test_rollup import newest
from tests.support.examples import examples

SOURCES = ("telegram", "telegram/1", "x", "other")
MOST = 100

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
#: Cells of `counts.sources`; a revision says what its cell holds.
cells = st.lists(
    st.builds(
        lambda tag, language, source, minute, count, revision, is_final: a_count(
            tag, language, source=source, minute=minute, count=count, revision=revision, is_final=is_final
        ),
        st.sampled_from(("all", "election", "deepfake", "both")),
        st.sampled_from(("tr", "ru", "ru+tr")),
        st.sampled_from(SOURCES),
        st.integers(0, 120),
        st.integers(0, 30),
        st.integers(0, 9),
        st.booleans(),
    ),
    max_size=60,
).map(lambda found: list({(one.key, one.revision): one for one in found}.values()))


def with_place(mention: Mention, offset: int) -> Mention:
    return a_mention(offset, created_at_ms=mention.created_at_ms, source=mention.source, tags=mention.tags)


def model_of(by_source_: list[Count]) -> Model:
    """Return what reads both topics: `counts` has the sums of the sources."""
    model = Model()
    sums: Counter[tuple[int, str, str]] = Counter()
    for one in newest(by_source_):
        key = one.window_start_ms, one.language, one.tag
        sums[key] += one.count
    model.add(
        [
            a_count(tag, language, minute=(start_ms - BASE_MS) // MINUTE_MS, count=count)
            for (start_ms, language, tag), count in sums.items()
        ],
        0,
    )
    model.add_sources(by_source_)
    return model


def summed(part: Part) -> Counter[str]:
    found: Counter[str] = Counter()
    for point in part.points:
        found.update(point.posts)
    return found


@examples(80)
@given(cells, rollups, bounds, st.sampled_from([frozenset(), frozenset({"tr"}), frozenset({"ru"})]))
def test_whatever_the_roll_up_the_sources_add_up_to_the_headline_and_each_is_its_own(
    counts: list[Count], rollup: int, span: list[int], among: frozenset[str]
) -> None:
    model = model_of(counts)
    query = Query(rollup * MINUTE_MS, from_ms=span[0], to_ms=span[1], among=among)

    found = by_source(model.sources, query, MOST)

    together: Counter[str] = Counter()
    for part in found:
        together.update(part.posts)
        assert summed(part) == part.posts
        own = query._replace(sources=frozenset({part.name}))
        if part.name != "telegram":  # which is asked for with its channels
            assert headline(model.sources, own).now.posts == part.posts
            assert headline(model.sources, own).now.share == part.share
    every = headline(model.cells, query).now.posts
    assert together["election"] == every.get("election", 0)
    assert [part.posts["election"] for part in found] == sorted(
        (part.posts["election"] for part in found), reverse=True
    )


@examples(60)
@given(cells, rollups, bounds, st.sampled_from([(), ("x",), ("telegram",), ("x", "other")]))
def test_a_source_is_asked_for_with_its_channels_and_all_that_is_said_of_it_is_the_same(
    counts: list[Count], rollup: int, span: list[int], asked: tuple[str, ...]
) -> None:
    model = model_of(counts)
    query = Query(rollup * MINUTE_MS, from_ms=span[0], to_ms=span[1], sources=frozenset(asked))
    wanted: Counter[str] = Counter()
    for one in newest(counts):
        is_asked = not asked or one.source in asked or (one.source or "").partition("/")[0] in asked
        if span[0] <= one.window_start_ms < span[1] and is_asked:
            wanted[one.tag] += one.count

    own = model.cells_of(query.sources)

    told: Counter[str] = Counter()
    for row in rows(own, query._replace(languages=frozenset({EVERY}))):
        told.update(row.counts)
        told.update(row.current)
    assert +told == +wanted
    assert headline(own, query).now.posts == +wanted
    for part in by_language(own, query, MOST):
        assert summed(part) == part.posts
        assert headline(own, query._replace(among=frozenset({part.name}))).now.posts == part.posts


@examples(60)
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
            wanted.update((one.source, tag) for tag in tags)

    told: Counter[tuple[str, str]] = Counter()
    query = Query(rollup * MINUTE_MS, from_ms=span[0], to_ms=span[1])
    for part in examples.by_source.parts(query, MOST, (DEFAULT_PAIR,), None):
        told.update({(part.name, tag): posts for tag, posts in part.posts.items()})
        base = part.posts["election"]
        assert part.share is not None
        assert part.share.value == round(part.posts.get("both", 0) / base, 6)
        assert summed(part) == part.posts

    with_base = {source for source, tag in wanted if tag == "election"}
    assert told == Counter({key: posts for key, posts in wanted.items() if key[0] in with_base})


def test_sources_that_are_made_up_cost_no_memory() -> None:
    examples = Examples()
    examples.add(a_mention(offset, source=f"source {offset}") for offset in range(MAX_SOURCES + 50))

    found = examples.by_source.parts(Query(60 * MINUTE_MS), MOST, (DEFAULT_PAIR,), None)
    posts = {part.name: part.posts for part in found}

    assert len(posts) == MAX_SOURCES + 1
    assert posts[OTHERS] == {"election": 50}
