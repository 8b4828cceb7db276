"""Every test that docs/guarantees.md names exists, and every test of delivery is named there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENT = (ROOT / "docs" / "guarantees.md").read_text(encoding="utf-8")
LAWS = "tests/laws/test_counting_laws.py"

#: `path::test_name…`, where … stands for the rest of the name.
NAMED = sorted(set(re.findall(r"`((?:tests/[\w/]+\.py|laws)(?:::\w+…?)?)`", DOCUMENT)))


@pytest.mark.parametrize("named", NAMED)
def test_what_is_named_exists(named: str) -> None:
    file, _, name = (
        named.replace("laws", LAWS, 1).partition("::") if named.startswith("laws") else named.partition("::")
    )
    text = (ROOT / file).read_text(encoding="utf-8")

    assert f"def {name.removesuffix('…')}" in text


@pytest.mark.parametrize("folder", ["faults", "broker"])
def test_every_test_of_delivery_is_named(folder: str) -> None:
    files = {f"tests/{folder}/{path.name}" for path in (ROOT / "tests" / folder).glob("test_*.py")}

    assert files - {"tests/broker/test_embedded_broker.py"} <= {named.partition("::")[0] for named in NAMED}
