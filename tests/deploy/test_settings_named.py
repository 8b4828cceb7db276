"""What operators read names settings that exist."""

import re

from tests.deploy.tools import ROOT


def test_variables_that_pages_name_are_settings() -> None:
    known = (ROOT / "docs/settings.md").read_text(encoding="utf-8")
    for page in ("deploy/runbook.md", "docs/operate.md", "deploy/kubernetes/README.md"):
        for name in set(
            re.findall(r"SANDIK_(?!TEST_)[A-Z_]+[A-Z]", (ROOT / page).read_text(encoding="utf-8"))
        ):
            assert f"`{name}`" in known, f"{page}: {name}"
