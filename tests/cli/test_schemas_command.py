"""`sandik schemas`: the contract as an installed sandik carries it."""

import json

import pytest

from sandik_schemas.cards import load_cards
from sandik_schemas.load import json_schema
from tests.support import quick_yaml
from tests.support.command import sandik, succeed


def test_the_list_has_every_topic_and_its_schema() -> None:
    done = succeed("schemas")

    assert [line.split()[:2] for line in done.stdout.decode().splitlines()] == [
        [card.name, card.schema or "-"] for card in load_cards().topic
    ]


@pytest.mark.parametrize(
    ("name", "schema"), [("count", "count"), ("counts", "count"), ("posts.late", "late")]
)
def test_a_schema_is_printed_by_its_name_or_its_topic(name: str, schema: str) -> None:
    assert json.loads(sandik("schemas", name).stdout) == json_schema(schema)


def test_the_asyncapi_document_is_printed() -> None:
    assert set(quick_yaml.load(sandik("schemas", "--asyncapi").stdout)["components"]["messages"]) >= {
        "counts"
    }


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nope"], b"no schema nope; known schemas: post (posts), mention (mentions), count (counts)"),
        (["posts.dlq"], b"posts.dlq has no schema. Records that are no posts"),
        (["count", "--asyncapi"], b"leave the name out"),
    ],
)
def test_what_it_cannot_print_is_said_with_what_it_can(arguments: list[str], said: bytes) -> None:
    done = sandik("schemas", *arguments)

    assert (done.returncode, done.stdout) == (2, b"")
    assert said in done.stderr
