"""docs/analyst.ipynb, run as its first cell says. `make notebook` writes its outputs again."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).parents[2]
NOTEBOOK = ROOT / "docs" / "analyst.ipynb"


def committed() -> Any:
    """Return the notebook as it is in docs."""
    return nbformat.read(NOTEBOOK, as_version=4)  # type: ignore[no-untyped-call]


def executed(root: Path) -> Any:
    """Return the notebook, run in a copy of what it needs of the project, which `root` becomes."""
    for folder in ("docs", "deploy/demo", "streams/sandik/lexicon"):
        shutil.copytree(ROOT / folder, root / folder)
    notebook = committed()
    commands = "\n".join(re.findall(r"^\$ (.*)$", notebook.cells[0].source, re.MULTILINE))
    before, _, last = commands.rpartition("\n")
    assert last.startswith("jupyter lab")
    subprocess.run(["/bin/bash", "-euc", before], cwd=root, env=_environment(), check=True)
    place = {"metadata": {"path": root / "evening"}}
    client = NotebookClient(notebook, timeout=120, record_timing=False, resources=place)
    client.execute(env=_environment())
    return notebook


def _environment() -> dict[str, str]:
    # The commands find the sandik of this Python, as where its venv is activated; its settings are none.
    found = {name: value for name, value in os.environ.items() if not name.startswith("SANDIK_")}
    path = f"{Path(sys.executable).parent}{os.pathsep}{found['PATH']}"
    return {**found, "PATH": path, "PYTHONPATH": str(ROOT)}


def data_of(notebook: Any) -> list[tuple[str, list[str]]]:
    """Return each code cell with what it printed or showed, but no pictures."""
    return [
        (cell.source, [_text(output) for output in cell.outputs])
        for cell in notebook.cells
        if cell.cell_type == "code"
    ]


def _text(output: Any) -> str:
    return str(output.get("text") or output.get("evalue") or output["data"]["text/plain"])


def main() -> None:
    """Run it and write what came out."""
    with tempfile.TemporaryDirectory() as folder:
        notebook = executed(Path(folder))
    notebook.metadata.language_info = {"name": "python"}  # not its version, nor the kernel's
    nbformat.write(notebook, NOTEBOOK)  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    main()
