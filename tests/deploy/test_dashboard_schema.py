"""The operators' dashboard says nothing that Grafana's own schema does not know.

Grafana ignores what it does not know, as a misspelt field: nobody would miss it until somebody looks.
"""

import json
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard

from tests.deploy.test_alerts import BOARDS

BOARD: dict[str, Any] = json.loads(BOARDS[0].read_text(encoding="utf-8"))


def unknown(board: dict[str, Any]) -> list[str]:
    """Return the places of what is lost or changed where the types of the schema read and write it."""
    register_default_plugins()
    read = Dashboard.from_json(deepcopy(board))
    return list(_lost(board, json.loads(json.dumps(read, cls=JSONEncoder)), "board"))


def _lost(before: Any, after: Any, place: str) -> Iterator[str]:
    if isinstance(before, dict) and isinstance(after, dict):
        yield from (f"{place}.{name}" for name in before.keys() - after.keys())
        for name in before.keys() & after.keys():
            yield from _lost(before[name], after[name], f"{place}.{name}")
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for number, (one, other) in enumerate(zip(before, after, strict=True)):
            yield from _lost(one, other, f"{place}[{number}]")
    elif before != after:
        yield place


def test_grafana_knows_every_field() -> None:
    assert unknown(BOARD) == []


@pytest.mark.parametrize(
    "path", ["gridPoss", "options.legendd", "fieldConfig.defaults.unitt", "targets.0.exprr"]
)
def test_a_misspelt_field_is_found(path: str) -> None:
    board = deepcopy(BOARD)
    at: Any = board["panels"][1]
    *folders, name = path.split(".")
    for each in folders:
        at = at[int(each)] if each.isdigit() else at.setdefault(each, {})
    at[name] = "it"

    assert [place.rpartition(".")[2] for place in unknown(board)] == [name]
