"""`sandik schemas register` and a real schema registry: Apicurio's."""

import json
import subprocess
import sys
from collections.abc import Iterator
from copy import deepcopy
from typing import Any
from urllib.request import Request, urlopen

import pytest

from sandik_schemas.cards import load_cards
from sandik_schemas.load import json_schema
from tests.recipes.recipe import Counted, blocks
from tests.support.command import sandik
from tests.support.registry import get, registry

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with registry(tmp_path_factory.mktemp("registry")) as url:
        yield url


def test_the_second_time_changes_nothing(url: str) -> None:
    first, second = (sandik("schemas", "register", url) for _ in range(2))

    assert first.returncode == 0, first.stderr
    assert first.stdout == second.stdout
    assert set(get(f"{url}/subjects")) == {
        f"{card.name}-value" for card in load_cards().topic if card.schema and not card.only_with
    }
    assert get(f"{url}/config/counts-value")["compatibilityLevel"] == "BACKWARD_TRANSITIVE"


def test_what_a_reader_gets_is_the_schema(url: str) -> None:
    sandik("schemas", "register", url)
    found = json.loads(get(f"{url}/subjects/counts-value/versions/latest")["schema"])

    assert {**found, "$schema": ""} == {**json_schema("count"), "$schema": ""}


def test_a_prefix_and_topics_that_are_switched_on_are_obeyed(url: str) -> None:
    sandik(
        "schemas",
        "register",
        url,
        environment={"SANDIK_TOPIC_PREFIX": "tr-", "SANDIK_SESSION_GAP_MS": "60000"},
    )

    assert {"tr-counts-value", "tr-counts.sessions-value"} <= set(get(f"{url}/subjects"))


@pytest.mark.parametrize("topic", ["counts", "mentions", "counts.terms"])
def test_of_what_sandik_writes_a_new_optional_field_is_taken_and_nothing_else(url: str, topic: str) -> None:
    assert sandik("schemas", "register", url, environment={"SANDIK_TERMS": "count"}).returncode == 0
    released: dict[str, Any] = json.loads(get(f"{url}/subjects/{topic}-value/versions/latest")["schema"])
    optional, required, another = (deepcopy(released) for _ in range(3))
    optional["properties"]["it"] = {"type": "string"}
    required["properties"]["it"] = {"type": "string"}
    required["required"].append("it")
    another["properties"][another["required"][0]] = {"type": "boolean"}

    assert [is_taken(url, topic, one) for one in (optional, required, another)] == [True, False, False]


@pytest.mark.broker
def test_the_reader_of_the_recipe_finds_that_all_records_fit(url: str, counted: Counted) -> None:
    environment = {"SANDIK_TOPIC_PREFIX": counted.settings.topic_prefix}
    assert sandik("schemas", "register", url, environment=environment).returncode == 0
    [program] = blocks("schema-registry", "python")
    program = counted.adapted(program).replace("http://127.0.0.1:8080/apis/ccompat/v7", url)
    program = program.replace("counts-value", f"{counted.settings.topic_prefix}counts-value")
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)

    assert done.stdout == f"{len(counted.records)} records fit count v1\n", done.stderr


def is_taken(url: str, topic: str, schema: dict[str, Any]) -> bool:
    """Ask the registry whether the schema may follow."""
    body = json.dumps({"schemaType": "JSON", "schema": json.dumps(schema)}).encode()
    kind = {"Content-Type": "application/vnd.schemaregistry.v1+json"}
    request = Request(  # noqa: S310 - the registry of this test
        f"{url}/compatibility/subjects/{topic}-value/versions/latest", body, kind
    )
    with urlopen(request, timeout=30) as answer:  # noqa: S310
        return bool(json.load(answer)["is_compatible"])
