from hypothesis import given
from hypothesis import strategies as st

from sandik.ingest.formats.paths import find, there

KEYS = st.text(st.characters(codec="ascii", categories=["L"]), min_size=1, max_size=4)
TREES = st.recursive(
    st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)


def leaves(value: object, path: tuple[str, ...] = ()) -> list[tuple[str, object]]:
    if isinstance(value, dict):
        return [leaf for key, one in value.items() for leaf in leaves(one, (*path, key))]
    if isinstance(value, list):
        return [leaf for place, one in enumerate(value) for leaf in leaves(one, (*path, str(place)))]
    return [(".".join(path), value)]


@given(st.dictionaries(KEYS, TREES, max_size=3))
def test_every_leaf_is_found_by_its_path(tree: dict[str, object]) -> None:
    assert all(list(find(tree, path)) == [value] for path, value in leaves(tree))


@given(st.lists(st.integers() | st.none(), max_size=5))
def test_brackets_lead_to_every_element_that_is_something(elements: list[int | None]) -> None:
    value = {"a": [{"b": element} for element in elements]}

    assert list(find(value, "a[].b")) == [element for element in elements if element is not None]


@given(TREES, st.lists(st.sampled_from(["a", "b", "[]", "0", "7", "@key", "", "x.y"]), max_size=4))
def test_any_path_leads_somewhere_or_nowhere_and_never_fails(tree: object, parts: list[str]) -> None:
    path = ".".join(parts)

    assert there(tree, path) == bool(list(find(tree, path)))


def test_a_key_with_dots_is_found_before_what_its_parts_lead_to() -> None:
    assert list(find({"a": {"b.c": 1}, "b": {"c": 2}}, "a.b.c")) == [1]
    assert list(find({"public_metrics.likes": 3}, "public_metrics.likes")) == [3]


def test_keys_and_alternatives_are_paths_too() -> None:
    assert list(find({"contentMap": {"tr": "x", "en": "y"}}, "contentMap.@key")) == ["tr", "en"]
    assert list(find({"a": 1, "b": [2, 3]}, "a | b[] | c")) == [1, 2, 3]
