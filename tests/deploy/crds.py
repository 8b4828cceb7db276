"""The schemas of the operators' custom resources, read from the definitions that they publish.

They are not part of the project. SANDIK_TEST_CRDS names a folder of them: the install files of Strimzi, KEDA
and the Prometheus operator, or what `kubectl get crd -o yaml` prints where they are installed.
"""

import os
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.support import quick_yaml

Schema = dict[str, Any]
Resource = dict[str, Any]


def folder() -> Path:
    """Return the folder of the definitions, be it there or not."""
    return Path(os.environ.get("SANDIK_TEST_CRDS", "crds"))


@cache
def definitions() -> list[Resource]:
    """Return all CustomResourceDefinitions of the folder. The test is skipped where there is none."""
    files = sorted(folder().glob("*.yaml"))
    if not files:
        pytest.skip(f"no definitions of custom resources in {folder()}: SANDIK_TEST_CRDS names another")
    documents = [
        one for file in files for one in quick_yaml.load_all(file.read_text(encoding="utf-8")) if one
    ]
    return [one for each in documents for one in each.get("items", [each])]


@cache
def schema(api_version: str, kind: str) -> Schema | None:
    """Return the schema of a custom resource, closed to fields that it does not name; None if it has none."""
    group, _, version = api_version.rpartition("/")
    for definition in definitions():
        spec = definition["spec"]
        if (spec["group"], spec["names"]["kind"]) == (group, kind):
            for each in spec["versions"]:
                if each["name"] == version and each["served"]:
                    closed: Schema = _closed(each["schema"]["openAPIV3Schema"])
                    return closed
    return None


def _closed(node: Any) -> Any:
    """Return the schema with what the API server leaves out in silence, unknown fields, made an error."""
    if isinstance(node, list):
        return [_closed(each) for each in node]
    if not isinstance(node, dict):
        return node
    closed = {name: _closed(each) for name, each in node.items()}
    if "properties" in node and not node.get("x-kubernetes-preserve-unknown-fields"):
        closed.setdefault("additionalProperties", False)
    return closed
