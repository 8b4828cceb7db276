"""The posts of docs/hand-coded, counted again: `make coded`, after a change of the lexicon or a detector.

Of the archive, which is not part of the project, the counts of days are kept and the design of the sample, no
text. The draw is by the same seed, and codes are by the ids of posts, so those that were coded stay coded;
`sandik agree` says how many of a new draw are not.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.quality.posts import DATA, TELEGRAM

CODING = Path(__file__).parents[2] / "docs" / "hand-coded"
SEED, PER_STRATUM = "46", "50"


def main() -> None:
    """Write them."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = sorted((DATA / TELEGRAM).glob("*.json.gz"))
        for path in files:
            shutil.copy(path, folder)
        names = [path.name for path in files]
        channels = ",".join(f"telegram/{one.removeprefix('100').partition('_')[0]}" for one in names)
        _sandik(folder, "replay", *names, "--window", "1d", "--sources", channels, "--out", "telegram.csv")
        drawn = ("--seed", SEED, "--per-stratum", PER_STRATUM, "--language", "ru")
        _sandik(folder, "sample", "telegram.csv", "--out", "sample", *drawn)
        shutil.copy(folder / "sample" / "design.json", CODING)
        for output in ("telegram.csv", "telegram.sources.csv", "telegram.csv.manifest.json"):
            shutil.copy(folder / output, CODING)


def _sandik(folder: Path, *arguments: str) -> None:
    settings = {name: value for name, value in os.environ.items() if not name.startswith("SANDIK_")}
    command = [sys.executable, "-m", "sandik", *arguments]
    subprocess.run(command, cwd=folder, env={**settings, "SANDIK_BROKER": "127.0.0.1:1"}, check=True)


if __name__ == "__main__":
    main()
