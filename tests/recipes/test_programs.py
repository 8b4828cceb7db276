"""The programs of the recipes, as they stand on their pages, on a real Kafka with real counts."""

import ast
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from textwrap import indent
from typing import Any

import msgspec
import pytest

from sandik_schemas.count import Count
from sandik_schemas.load import json_schema
from tests.recipes.recipe import RECIPES, Cell, Counted, blocks
from tests.support import quick_yaml
from tests.support.kafka import create_topic, read_topic, wait_until
from tests.support.workers import environment

pytestmark = pytest.mark.broker

FROM_MS = 1_683_828_300_000
SHELL_TOOLS = {"kcat": ["kcat", "jq"], "elasticsearch": ["jq"]}


@contextmanager
def running(code: str) -> Iterator["subprocess.Popen[str]"]:
    """Run a Python program that goes on for ever; it is killed at the end."""
    program = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    with program:
        try:
            yield program
        finally:
            program.kill()


def shell(counted: Counted, recipe: str, number: int, folder: Path) -> str:
    """Run a command line of a recipe to its end and return what it prints."""
    missing = [tool for tool in SHELL_TOOLS[recipe] if shutil.which(tool) is None]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")
    (folder / "sandik").symlink_to(Path(sys.executable).parent / "sandik")
    variables = {**os.environ, **environment(counted.settings), "PATH": f"{folder}:{os.environ['PATH']}"}
    command = blocks(recipe, "sh")[number]
    if recipe == "kcat":  # the others are commands of sandik, which reads its settings
        command = counted.adapted(command)
    done = subprocess.run(["sh", "-ec", command], env=variables, cwd=folder, capture_output=True, check=False)  # noqa: S607
    assert (done.returncode, done.stderr) == (0, b"")
    return done.stdout.decode()


def follow(counted: Counted, code: str, wanted: dict[str, Cell]) -> dict[str, tuple[str, str]]:
    """Run the program of the Python recipe until it has printed these cells; return the last of each key."""
    found: dict[str, tuple[str, str]] = {}
    with running(counted.adapted(code)) as program:
        assert program.stdout is not None
        for line in program.stdout:
            key, count, state = line.split()
            found[key] = (count, state)
            if expected(wanted).items() <= found.items():
                return found
    raise AssertionError(f"it ended: {found}")


def expected(cells: dict[str, Cell]) -> dict[str, tuple[str, str]]:
    return {
        key: (str(cell["count"]), "final" if cell["is_final"] else "current") for key, cell in cells.items()
    }


def test_python_follows_the_counts(counted: Counted) -> None:
    code = blocks("python", "python")[0]

    assert len([line for line in code.splitlines() if line.strip()]) <= 17
    assert follow(counted, code, counted.cells) == expected(counted.cells)


def test_python_starts_at_a_time(counted: Counted) -> None:
    whole, start = blocks("python", "python")
    line = "        await consumer.seek_to_beginning(counts)\n"
    code = whole.replace(line, indent(start, "        "))
    wanted = {key: cell for key, cell in counted.cells.items() if cell["window_start_ms"] >= FROM_MS}

    assert line in whole
    assert next(iter(follow(counted, code, wanted))) in wanted
    assert next(iter(counted.cells)) not in wanted


async def test_the_timestamp_of_a_count_is_the_start_of_its_window(counted: Counted) -> None:
    records = await read_topic(counted.settings.broker, counted.settings.topic("counts"))

    assert [record.timestamp for record in records] == [
        json.loads(record.value or b"")["window_start_ms"] for record in records
    ]


def test_kcat_prints_every_record(counted: Counted, tmp_path: Path) -> None:
    lines = shell(counted, "kcat", 0, tmp_path).splitlines()

    assert [json.loads(line) for line in lines] == [json.loads(value) for _, value in counted.records]


def test_kcat_and_jq_keep_the_highest_revision(counted: Counted, tmp_path: Path) -> None:
    found = [json.loads(line) for line in shell(counted, "kcat", 1, tmp_path).splitlines()]

    assert _by_key(found) == counted.cells


def test_kcat_and_jq_find_the_figure(counted: Counted, tmp_path: Path) -> None:
    found = [json.loads(line) for line in shell(counted, "kcat", 2, tmp_path).splitlines()]
    both = {
        (cell["window_start"], cell["language"]): cell["count"]
        for cell in counted.cells.values()
        if cell["tag"] == "both"
    }

    assert both
    assert sorted(found) == sorted(
        [start, cell["language"], both.get((start, cell["language"]), 0), cell["count"]]
        for cell in counted.cells.values()
        if cell["tag"] == "election" and cell["count"]
        for start in [cell["window_start"]]
    )


def test_kcat_starts_at_a_time(counted: Counted, tmp_path: Path) -> None:
    found = [json.loads(line.split("\t")[1]) for line in shell(counted, "kcat", 3, tmp_path).splitlines()]
    records = [json.loads(value) for _, value in counted.records]
    first = next(place for place, count in enumerate(records) if count["window_start_ms"] >= FROM_MS)

    assert first > 0
    assert found == records[first:]


def test_elasticsearch_would_keep_the_highest_revision(counted: Counted, tmp_path: Path) -> None:
    shell(counted, "elasticsearch", 0, tmp_path)
    lines = [json.loads(line) for line in (tmp_path / "bulk.ndjson").read_text().splitlines()]
    index: dict[str, tuple[int, Cell]] = {}
    for action, document in reversed(list(zip(lines[::2], lines[1::2], strict=True))):
        of = action["index"]
        assert (of["_index"], of["version_type"], of["version"]) == (
            "counts",
            "external",
            document["revision"],
        )
        if of["version"] > index.get(of["_id"], (-1, {}))[0]:  # what `external` means
            index[of["_id"]] = of["version"], document

    assert {key: document for key, (_, document) in index.items()} == counted.cells


async def test_the_enveloped_counts_end_with_the_highest_revision_of_each_key(counted: Counted) -> None:
    [code] = blocks("jdbc", "python")
    settings = counted.settings
    topic = settings.topic("counts.enveloped")
    await create_topic(settings.broker, topic)
    found: dict[str, Any] = {}

    async def all_there() -> bool:
        assert program.poll() is None
        for record in await read_topic(settings.broker, topic):
            found[(record.key or b"").decode()] = json.loads(record.value or b"")
        return {key: one["payload"]["revision"] for key, one in found.items()} == {
            key: cell["revision"] for key, cell in counted.cells.items()
        }

    with running(counted.adapted(code)) as program:
        await wait_until(all_there, 300, "the last record of each key is the highest revision")
    for key, one in found.items():
        assert one["payload"].items() <= counted.cells[key].items()
        assert {field["field"] for field in one["schema"]["fields"]} == one["payload"].keys()


def test_the_envelope_has_the_types_of_the_schema() -> None:
    [code] = blocks("jdbc", "python")
    types = next(node.value for node in ast.parse(code).body if isinstance(node, ast.Assign))
    named = {"int64": "integer", "double": "number", "string": "string", "boolean": "boolean"}
    fields = json_schema("count")["properties"]

    for name, connect in ast.literal_eval(types).items():
        assert fields[name]["type"] == named[connect]


def test_configurations_can_be_read_and_name_fields_that_there_are() -> None:
    fields = set(json_schema("count")["properties"])
    index, connector = map(json.loads, blocks("elasticsearch", "json"))
    [sink] = map(json.loads, blocks("jdbc", "json"))
    [panel] = map(json.loads, blocks("grafana", "json"))
    [source] = quick_yaml.load(blocks("grafana", "yaml")[0])["datasources"]
    chosen, grouped = (step["options"] for step in panel["transformations"])

    assert set(index["mappings"]["properties"]) <= fields
    assert connector["config"]["transforms.version.fields"] in fields
    assert set(sink["config"]["primary.key.fields"].split(",")) <= fields
    assert {one["fieldName"] for one in chosen["filters"]} | set(grouped["fields"]) <= fields
    assert panel["datasource"] == {"type": source["type"], "uid": source["uid"]}


def test_every_recipe_is_named_where_one_looks_for_it() -> None:
    text = (RECIPES.parent / "consume.md").read_text(encoding="utf-8")

    assert all(f"(recipes/{page.name})" in text for page in RECIPES.iterdir())


def _by_key(cells: list[Cell]) -> dict[str, Cell]:
    return {msgspec.convert(cell, Count).key.decode(): cell for cell in cells}
