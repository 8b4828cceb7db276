"""The page as PDF, printed by an installed Chromium, so that it looks as in a browser."""

import os
import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

from sandik.errors import SandikError, UsageError
from sandik.files.atomic import new_file

#: Its names on Debian, on Fedora, and by Google. The first one found is used.
_NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
_TIMEOUT_S = 120


def chromium() -> str:
    """Return the path of Chromium. UsageError if there is none."""
    found = next(filter(None, map(shutil.which, _NAMES)), None)
    if found is None:
        raise UsageError(
            f"--pdf is printed by Chromium, and none of {', '.join(_NAMES)} is in PATH: install one (Debian: "
            "apt-get install chromium), or write .html and print that in a browser"
        )
    return found


def write_pdf(page: bytes, out: Path, program: str, *, replaces: bool) -> None:
    """Print the page to a file, which appears when it is complete.

    Raises:
        SandikError: Chromium fails, or takes longer than two minutes.
    """
    with TemporaryDirectory(prefix="sandik-pdf-") as name, new_file(out, replaces=replaces) as new:
        folder = Path(name)
        html, pdf = folder / "report.html", folder / "report.pdf"
        html.write_bytes(page)
        options = [
            "--headless",
            "--disable-gpu",
            "--no-first-run",
            "--no-pdf-header-footer",
            f"--user-data-dir={folder / 'profile'}",
            f"--print-to-pdf={pdf}",
        ]
        if os.geteuid() == 0:  # Chromium has no sandbox for root; the page runs no script and loads nothing
            options.append("--no-sandbox")
        try:
            done = subprocess.run(  # noqa: S603  # a program of PATH, and no shell
                [program, *options, html.as_uri()], capture_output=True, timeout=_TIMEOUT_S, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise SandikError(f"{program} did not print the report: {error}") from error
        if done.returncode or not pdf.exists():
            last = done.stderr.decode("utf-8", "replace").strip().splitlines()[-1:] or ["it said nothing"]
            raise SandikError(f"{program} did not print the report (exit code {done.returncode}): {last[0]}")
        shutil.copyfile(pdf, new)
