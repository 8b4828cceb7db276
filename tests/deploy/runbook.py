"""The commands that the runbook tells to run first, by alert."""

import re
import shlex

from tests.deploy.tools import ROOT

RUNBOOK = ROOT / "deploy/runbook.md"


def first_commands() -> dict[str, list[list[str]]]:
    """Return the words of each first command, by the section it stands in; those of the beginning by ''."""
    parts = re.split(r"^## (Sandik\w+)$", RUNBOOK.read_text(encoding="utf-8"), flags=re.MULTILINE)
    found = {"": _commands(parts[0])}
    for name, text in zip(parts[1::2], parts[2::2], strict=True):
        found[name] = _commands(text.partition("**First.**")[2].partition("**Then.**")[0])
    return found


def _commands(text: str) -> list[list[str]]:
    return [shlex.split(line) for line in re.findall(r"^\$ (.+)$", text, re.MULTILINE)]
