"""An overlay with the component for the webhook: bursts are told, and nothing else gets a way out."""

import os
from pathlib import Path

import pytest

from tests.deploy.rendered import OVERLAYS, Resource, build, of_kind, rendered
from tests.deploy.tools import ROOT
from tests.support import quick_yaml

KUBERNETES = ROOT / "deploy/kubernetes"


def with_webhook(overlay: str, folder: Path) -> list[Resource]:
    """Return the resources of an overlay that has the component."""
    [namespace] = of_kind(overlay, "Namespace")
    kustomization = {
        "namespace": namespace["metadata"]["name"],
        "resources": [os.path.relpath(KUBERNETES / "overlays" / overlay, folder)],
        "components": [os.path.relpath(KUBERNETES / "webhook", folder)],
    }
    (folder / "kustomization.yaml").write_text(quick_yaml.dump(kustomization))
    return build(folder)


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_only_bursts_get_an_address_and_a_way_out(overlay: str, tmp_path: Path) -> None:
    changed = [one for one in with_webhook(overlay, tmp_path.resolve()) if one not in rendered(overlay)]
    by_kind = {one["kind"]: one for one in changed}
    [container] = by_kind["Deployment"]["spec"]["template"]["spec"]["containers"]
    secret = {"name": "sandik-webhook", "key": "url"}
    policy = by_kind["NetworkPolicy"]["spec"]

    assert len(changed) == 2
    assert by_kind["Deployment"]["metadata"]["name"] == "sandik-bursts"
    assert {"name": "SANDIK_BURSTS_WEBHOOK", "valueFrom": {"secretKeyRef": secret}} in container["env"]
    assert policy["podSelector"] == {"matchLabels": {"app.kubernetes.io/name": "sandik-bursts"}}
    assert [rule["ports"] for rule in policy["egress"]] == [[{"protocol": "TCP", "port": 443}]]
