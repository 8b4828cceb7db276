"""What operators read leads somewhere: every link of their pages, with its anchor, is there."""

import re

import pytest

from tests.deploy.test_alerts import anchors
from tests.deploy.tools import ROOT


@pytest.mark.parametrize(
    "page", ["deploy/runbook.md", "docs/operate.md", "docs/up.md", "deploy/kubernetes/README.md"]
)
def test_every_link_leads_somewhere(page: str) -> None:
    here = ROOT / page
    links = re.findall(r"\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)", here.read_text(encoding="utf-8"))
    assert links
    for path, anchor in links:
        target = (here.parent / path).resolve() if path else here
        assert target.exists(), path
        if anchor:
            assert anchor in anchors(target), f"{path}#{anchor}"


def test_variables_that_pages_name_are_settings() -> None:
    known = (ROOT / "docs/settings.md").read_text(encoding="utf-8")
    for page in ("deploy/runbook.md", "docs/operate.md", "deploy/kubernetes/README.md"):
        for name in set(re.findall(r"SANDIK_[A-Z_]+[A-Z]", (ROOT / page).read_text(encoding="utf-8"))):
            assert f"`{name}`" in known, f"{page}: {name}"
