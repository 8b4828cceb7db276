"""Every test that docs/guarantees.md names exists, and every test of delivery is named there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENT = (ROOT / "docs" / "guarantees.md").read_text(encoding="utf-8")
LAWS = "tests/laws/test_counting_laws.py"

#: `path::test_name…`, where … stands for the rest of the name.
NAMED = sorted(set(re.findall(r"`((?:tests/[\w/]+\.py|laws)(?:::\w+…?)?)`", DOCUMENT)))
#: What docs/operate.md tells.
OPERATIONS = {ROOT / f"tests/worker/test_{name}.py" for name in ("memory_limit", "move", "upgrade")}


@pytest.mark.parametrize("named", NAMED)
def test_what_is_named_exists(named: str) -> None:
    file, _, name = (
        named.replace("laws", LAWS, 1).partition("::") if named.startswith("laws") else named.partition("::")
    )
    text = (ROOT / file).read_text(encoding="utf-8")

    assert f"def {name.removesuffix('…')}" in text


@pytest.mark.parametrize("folder", ["bursts", "dead_letters", "export", "faults", "kafka", "worker"])
def test_every_test_of_delivery_is_named(folder: str) -> None:
    paths = (ROOT / "tests" / folder).glob("test_*.py")
    on_a_broker = {path for path in paths if "pytest.mark.broker" in path.read_text("utf-8")}
    named = {ROOT / one.partition("::")[0] for one in NAMED}

    assert on_a_broker
    assert on_a_broker - named - OPERATIONS == set()
