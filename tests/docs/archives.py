"""Blocks of commands on archives that are not part of the project: `make answers` runs them again.

All blocks that `<!-- archive -->` stands before are run in one folder, page by page, in their order, and what
they show is written again. Where a block has left lines out (`…`), as many lines are shown as before. It takes half
an hour, and needs SANDIK_TEST_DATA. ANSWERS_IN=FOLDER does it in that folder, and runs no replay whose output is
there: so what was interrupted can be gone on with.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from tests.docs.pages import PAGES, ROOT, Command, commands_of
from tests.quality.posts import DATA

#: Of the folder SANDIK_TEST_DATA.
ARCHIVES = ("telegram_ru/*.json.gz", "ira_2016-09-15_2016-11-15.tsv.gz")
_BLOCK = re.compile(r"^(<!-- archive -->\n```console\n)(.*?)^```$", re.M | re.S)
_REPLAY = re.compile(r"sandik replay .*--out (\S+)")
_LEFT_OUT = "…"
_WIDEST = 150


def main(pages: Iterable[str]) -> None:
    """Run the blocks of these pages, or of all."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(os.environ.get("ANSWERS_IN") or name).absolute()
        for pattern in ARCHIVES:
            for path in DATA.glob(pattern):
                shutil.copy(path, folder)
        for part in ("hand-coded", "narrow"):
            shutil.copytree(ROOT / "docs" / part, folder / part, dirs_exist_ok=True)
        for page in pages:
            text = (ROOT / page).read_text("utf-8")
            if _BLOCK.search(text):
                (ROOT / page).write_text(_BLOCK.sub(lambda found: _run(found, folder), text), "utf-8")


def _run(found: re.Match[str], folder: Path) -> str:
    shown = "".join(_shown(command, folder) for command in commands_of(found[2].splitlines()))
    return f"{found[1]}{shown}```"


def _shown(command: Command, folder: Path) -> str:
    sys.stderr.write(f"$ {command.text}\n")
    replayed = _REPLAY.match(command.text)
    if replayed and (folder / replayed[1]).exists():
        return "".join(f"{line}\n" for line in (f"$ {command.text}", *command.shown))
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    settings = {name: value for name, value in os.environ.items() if not name.startswith("SANDIK_")}
    done = subprocess.run(
        ["/bin/bash", "-c", f"set -o pipefail; ({command.text}) 2>&1"],
        cwd=folder,
        env={**settings, "PATH": path, "SANDIK_BROKER": "127.0.0.1:1"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode not in (0, 1):  # 1: `sandik diff` has found something
        raise SystemExit(f"{shlex.quote(command.text)} failed: {done.stdout}")
    lines = [line.rstrip()[:_WIDEST] for line in done.stdout.splitlines()]
    if _LEFT_OUT in command.shown:
        lines = [*lines[: command.shown.index(_LEFT_OUT)], _LEFT_OUT]
    return "".join(f"{line}\n" for line in (f"$ {command.text}", *lines))


if __name__ == "__main__":
    main(sys.argv[1:] or PAGES)
