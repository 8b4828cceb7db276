"""Laws of the draw: the same seed gives the same sample, whatever the order in which posts come."""

from hypothesis import given
from hypothesis import strategies as st

from sandik.hand_coding.draw import Draw
from sandik.hand_coding.strata import NEAR_MISS, REST, Stratum, kind_of

STRATA = [Stratum("tr", "x", REST), Stratum("tr", "x", "election"), Stratum("ru", "telegram", NEAR_MISS)]
posts = st.dictionaries(st.text(max_size=4), st.sampled_from(STRATA), max_size=60)


def drawn(found: dict[str, Stratum], seed: int, per_stratum: int, *, is_reversed: bool = False) -> list[str]:
    draw: Draw[None] = Draw(seed, per_stratum)
    for name in sorted(found, reverse=is_reversed):
        draw.add(found[name], name, None)
    return [name for _, name, _ in draw.drawn()]


@given(posts, st.integers(), st.integers(1, 9))
def test_the_order_of_the_posts_changes_nothing(
    found: dict[str, Stratum], seed: int, per_stratum: int
) -> None:
    assert drawn(found, seed, per_stratum) == drawn(found, seed, per_stratum, is_reversed=True)


@given(posts, st.integers(1, 9))
def test_each_stratum_gives_so_many_posts_or_all_it_has(found: dict[str, Stratum], per_stratum: int) -> None:
    taken = [found[name] for name in drawn(found, 1, per_stratum)]

    for stratum in STRATA:
        there = list(found.values()).count(stratum)
        assert taken.count(stratum) == min(there, per_stratum)


@given(posts, st.integers(1, 9))
def test_a_larger_sample_has_all_of_a_smaller_one(found: dict[str, Stratum], per_stratum: int) -> None:
    assert set(drawn(found, 1, per_stratum)) <= set(drawn(found, 1, per_stratum + 1))


def test_every_post_has_the_same_chance() -> None:
    times = [0] * 10
    for seed in range(2_000):
        for name in drawn({str(number): STRATA[0] for number in range(10)}, seed, 3):
            times[int(name)] += 1

    assert all(500 < count < 700 for count in times)  # 600, with a deviation of 20


def test_another_seed_draws_other_posts() -> None:
    found = {str(number): STRATA[0] for number in range(50)}

    assert drawn(found, 1, 10) != drawn(found, 2, 10)


def test_what_a_post_is_called_depends_on_its_tags() -> None:
    assert kind_of(("election", "deepfake"), is_near=True) == "deepfake+election"
    assert kind_of((), is_near=True) == NEAR_MISS
    assert kind_of((), is_near=False) == REST


def test_the_place_of_an_item_says_nothing_of_its_stratum() -> None:
    """The lowest of ten thousand numbers are lower than those of twenty: that must not show."""
    draw: Draw[None] = Draw(1, 20)
    for number in range(10_000):
        draw.add(STRATA[0], f"rest {number}", None)
    for number in range(20):
        draw.add(STRATA[1], f"election {number}", None)
    first = [stratum for stratum, _, _ in draw.drawn()][:20]

    assert 5 <= first.count(STRATA[0]) <= 15
