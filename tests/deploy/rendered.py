"""The overlays as `kustomize build` renders them, once a process."""

import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from tests.deploy.tools import ROOT, kustomize
from tests.support import quick_yaml

OVERLAYS = ["dev", "prod"]

Resource = dict[str, Any]


@cache
def rendered(overlay: str) -> list[Resource]:
    """Return all resources of an overlay."""
    return build(ROOT / "deploy/kubernetes/overlays" / overlay)


def build(folder: Path) -> list[Resource]:
    """Return all resources of a folder."""
    done = subprocess.run([kustomize(), "build", folder], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert not done.stderr, done.stderr
    return list(quick_yaml.load_all(done.stdout))


def of_kind(overlay: str, kind: str) -> list[Resource]:
    """Return the resources of a kind."""
    return [resource for resource in rendered(overlay) if resource["kind"] == kind]


def pods(overlay: str) -> dict[str, Resource]:
    """Return the pods' specifications, by the name of what makes them."""
    makers = of_kind(overlay, "StatefulSet") + of_kind(overlay, "Deployment")
    return {maker["metadata"]["name"]: maker["spec"]["template"]["spec"] for maker in makers}


def environment(overlay: str, maker: str) -> dict[str, str | None]:
    """Return the variables of the first container; None for what is known only in the cluster."""
    [container] = pods(overlay)[maker]["containers"]
    maps = {each["metadata"]["name"]: each["data"] for each in of_kind(overlay, "ConfigMap")}
    found: dict[str, str | None] = {}
    for source in container["envFrom"]:
        found |= maps[source["configMapRef"]["name"]]
    return found | {each["name"]: each.get("value") for each in container.get("env", ())}


def strings(value: Any) -> Iterator[tuple[str, str]]:
    """Yield every text anywhere in the value, with the name it stands under."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if isinstance(inner, str):
                yield name, inner
            else:
                yield from strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from strings(inner)
