"""docs/analyst.ipynb: run on a real replay, it shows what is committed."""

from pathlib import Path
from typing import Any

import pytest

from tests.replay.notebook import NOTEBOOK, committed, data_of, executed


def pictures(notebook: Any) -> int:
    shown = [output for cell in notebook.cells for output in cell.get("outputs", []) if "data" in output]
    return sum("image/png" in output["data"] for output in shown)


@pytest.mark.timeout(900)  # it runs a dozen commands
def test_run_on_a_replay_of_the_sample_the_notebook_shows_what_is_committed(tmp_path: Path) -> None:
    """If the lexicon or a detector changed on purpose: `make notebook`."""
    notebook = executed(tmp_path / "project")

    assert data_of(committed()) == data_of(notebook)
    assert pictures(committed()) == pictures(notebook) == 1


def test_each_of_its_checks_holds() -> None:
    [checks] = [shown for source, [*shown] in data_of(committed()) if "wrote" in source]

    assert "True" in checks[0]
    assert "False" not in checks[0]


def test_it_names_no_folder_of_whoever_ran_it() -> None:
    assert str(Path.home()) not in NOTEBOOK.read_text("utf-8")
