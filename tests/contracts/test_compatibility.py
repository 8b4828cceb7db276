"""What was released stays readable: each kind of break is caught, and the schemas of today have none."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]  # ships no types
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandik_schemas.compatibility import breaks
from sandik_schemas.load import NAMES, json_schema

SCHEMAS = Path(__file__).parents[2] / "schemas"
RELEASED = sorted((SCHEMAS / "released").glob("*/*.schema.json"))

Change = Callable[[dict[str, Any]], object]


@pytest.mark.parametrize("file", RELEASED, ids=lambda file: f"{file.parent.name}/{file.name}")
def test_the_schema_of_today_may_follow_the_released_one(file: Path) -> None:
    name = file.name.split(".")[0]

    assert breaks(name, json.loads(file.read_text(encoding="utf-8")), json_schema(name)) == []


def test_every_release_has_all_schemas() -> None:
    releases = {file.parent for file in RELEASED}

    assert releases
    for release in releases:
        found = {file.name.split(".")[0] for file in release.iterdir()}
        assert {"post", "mention", "count", "partial", "late"} <= found <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_words_and_examples_may_change(name: str) -> None:
    def reword(schema: dict[str, Any]) -> None:
        schema.update(title="other", description="other", examples=[])
        for field in schema.get("properties", {}).values():
            field.update(title="other", description="other", examples=[])

    assert _breaks(name, reword) == []


@pytest.mark.parametrize(
    "change",
    [
        lambda post: post["properties"].update(likes={"type": "integer", "description": "Number of likes."}),
        lambda post: post["required"].remove("text"),
        lambda post: post["properties"]["text"].update(type=["string", "null"]),
        lambda post: post["properties"]["op"]["enum"].append("restore"),
        lambda post: post["properties"]["id"].update(maxLength=1024),
        lambda post: post["properties"]["created_at_ms"].pop("minimum"),
    ],
)
def test_posts_may_be_accepted_that_were_not(change: Change) -> None:
    assert _breaks("post", change) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda post: post["required"].append("author_id"), "post.author_id: breaks writers: may be missing"),
        (lambda post: post["properties"].pop("hashtags"), "post.hashtags: breaks writers: is not known"),
        (lambda post: post["properties"]["url"].update(type="string"), "post.url: breaks writers: type null"),
        (lambda post: post["properties"]["op"]["enum"].remove("update"), "post.op: breaks writers: values"),
        (
            lambda post: post["properties"]["op"].update(default="update"),
            "post.op: breaks writers: `default`",
        ),
        (lambda post: post["properties"]["text"].update(enum=["a"]), "post.text: breaks writers: values any"),
        (
            lambda post: post["properties"]["text"].update(minLength=1),
            "post.text: breaks writers: `minLength`",
        ),
        (
            lambda post: post["properties"]["id"].update(maxLength=9),
            "post.id: breaks writers: `maxLength` 512",
        ),
        (
            lambda post: post["properties"]["id"].update(pattern="^x"),
            "post.id: breaks writers: `pattern` none",
        ),
        (
            lambda post: post["properties"]["hashtags"].update(uniqueItems=True),
            "post.hashtags: breaks writers",
        ),
        (
            lambda post: post["properties"]["hashtags"]["items"].update(type="integer"),
            "post.hashtags[]: breaks",
        ),
        (lambda post: post.update(additionalProperties=False), "post: breaks writers: unknown fields"),
        (lambda post: post["properties"]["text"].update(format="uri"), "keyword `format` is none"),
        (lambda post: post.update({"not": {}}), "the keyword `not` is none"),
    ],
)
def test_posts_that_were_accepted_must_stay_so(change: Change, said: str) -> None:
    assert any(said in one for one in _breaks("post", change)), _breaks("post", change)


@pytest.mark.parametrize(
    "change",
    [
        lambda count: count["properties"].update(share_low={"type": "number", "description": "0 to 1."}),
        lambda count: count["properties"]["share"].pop("examples"),
    ],
)
def test_counts_may_say_more(change: Change) -> None:
    assert _breaks("count", change) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda count: count["properties"].pop("total"), "count.total: breaks old records: is not known"),
        (lambda count: count["required"].remove("total"), "count.total: breaks readers: may be missing"),
        (lambda count: count["required"].append("new"), "count.new: breaks old records: may be missing"),
        (lambda count: count["properties"]["tag"].update(enum=["both"]), "count.tag: breaks old records"),
        (lambda count: count["properties"]["tag"].update(pattern="^[A-Z]+$"), "count.tag: breaks readers"),
        (lambda count: count["properties"]["tag"].pop("pattern"), "count.tag: breaks readers"),
        (
            lambda count: count["properties"]["count"].update(type="number"),
            "count.count: breaks readers: type",
        ),
        (
            lambda count: count["properties"]["share"].update(type="integer"),
            "count.share: breaks old records: type",
        ),
        (
            lambda count: count["properties"]["count"].update(type=["integer", "null"]),
            "count.count: breaks readers",
        ),
        (
            lambda count: count["properties"]["schema_version"].update(const=2),
            "count.schema_version: breaks readers",
        ),
        (lambda count: count["properties"]["count"].pop("minimum"), "count.count: breaks readers: `minimum`"),
        (lambda count: count["properties"]["share"].update(maximum=100), "count.share: breaks readers"),
        (
            lambda count: count["properties"]["window_start"].update(pattern="^2"),
            "count.window_start: breaks readers: `pattern`",
        ),
        (
            lambda count: count["properties"]["window_start"].pop("pattern"),
            "count.window_start: breaks readers: `pattern`",
        ),
    ],
)
def test_readers_of_counts_meet_nothing_that_they_do_not_know(change: Change, said: str) -> None:
    assert any(said in one for one in _breaks("count", change)), _breaks("count", change)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda partial: partial["oneOf"].pop(), "`watermark` is not known"),
        (lambda partial: partial["oneOf"].append({"title": "new"}), "breaks readers: the alternative `new`"),
        (
            lambda partial: partial["oneOf"][0]["properties"]["counts"]["additionalProperties"].update(
                additionalProperties={"type": "string"}
            ),
            "partial(window partial).counts.*.*: breaks readers: type string",
        ),
        (
            lambda partial: partial["oneOf"][0]["properties"]["counts"].pop("additionalProperties"),
            "unknown fields are not what they were",
        ),
    ],
)
def test_breaks_are_found_at_any_depth(change: Change, said: str) -> None:
    assert any(said in one for one in _breaks("partial", change)), _breaks("partial", change)


def test_a_late_post_stays_a_post() -> None:
    assert _breaks("late", lambda late: late["allOf"][0].update({"$ref": "urn:sandik:schemas:post:v2"}))


NODES = st.sampled_from(["id", "source", "created_at_ms", "text", "url", "hashtags", "op", "ingested_at_ms"])
TWEAKS: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.fixed_dictionaries({"type": st.sampled_from(["string", "integer", "null", ["string", "null"]])}),
    st.fixed_dictionaries({"minLength": st.integers(0, 60)}),
    st.fixed_dictionaries({"maxLength": st.integers(0, 2000)}),
    st.fixed_dictionaries({"minimum": st.integers(0, 2_000_000_000_000)}),
    st.fixed_dictionaries(
        {"enum": st.lists(st.sampled_from(["create", "update", "delete", "x"]), min_size=1)}
    ),
)


@given(
    changes=st.lists(st.tuples(NODES, TWEAKS), max_size=3),
    required=st.lists(NODES, max_size=1),
    data=st.data(),
)
def test_what_passes_the_check_accepts_every_post_that_was_accepted(
    changes: list[tuple[str, dict[str, Any]]], required: list[str], data: st.DataObject
) -> None:
    now = copy.deepcopy(json_schema("post"))
    for field, tweak in changes:
        now["properties"][field].update(tweak)
    now["required"] += [field for field in required if field not in now["required"]]
    post = data.draw(POSTS)
    assert jsonschema.Draft202012Validator(json_schema("post")).is_valid(post)

    if not breaks("post", json_schema("post"), now):
        jsonschema.Draft202012Validator(now).validate(post)


POSTS = st.fixed_dictionaries(
    {
        "id": st.sampled_from(["a", "b" * 512]),
        "source": st.just("s"),
        "created_at_ms": st.sampled_from([946_684_800_000, 1_683_889_200_000]),
        "text": st.sampled_from(["", "seçim", "x" * 3000]),
    },
    optional={
        "url": st.sampled_from([None, "", "https://example.social"]),
        "hashtags": st.sampled_from([[], ["a", "a"]]),
        "op": st.sampled_from(["create", "update", "delete"]),
        "ingested_at_ms": st.sampled_from([None, 0]),
        "likes": st.integers(),
    },
)


def _breaks(name: str, change: Change) -> list[str]:
    """Return the breaks between the schema of today and one changed so."""
    changed = copy.deepcopy(json_schema(name))
    change(changed)
    return breaks(name, json_schema(name), changed)
