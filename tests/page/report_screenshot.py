"""Take docs/report.png, of the demo's evening; write docs/example-report.html, of the Telegram posts.

`python -m tests.page.report_screenshot` does all of it.
"""

import asyncio
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.page.browser import chromium, looking
from tests.page.screenshot import evening
from tests.support.command import sandik

TELEGRAM = Path("deploy/demo/telegram.jsonl.gz")
PICTURE, EXAMPLE = Path("docs/report.png"), Path("docs/example-report.html")
EVENING = {"SANDIK_LEXICON": "builtin,events/turkey-2023"}
NOVEMBER = ("--from", "2024-11-01", "--to", "2024-12-01", "--step", "1d")


def write_report(folder: Path) -> Path:
    """Count the evening by the minute and report it."""
    (folder / "evening.jsonl").write_bytes(b"\n".join(evening()))
    counts, report = folder / "evening.csv", folder / "evening.html"
    run("replay", str(folder / "evening.jsonl"), "--order", "as-is", "--out", str(counts), **EVENING)
    run("report", str(counts), str(report), **EVENING)
    return report


def write_example(folder: Path) -> None:
    """Count the Telegram posts by the hour and report the month of the American election."""
    shutil.copy(TELEGRAM, folder / TELEGRAM.name)
    counts = folder / "telegram.csv"
    run("replay", str(folder / TELEGRAM.name), "--window", "1h", "--out", str(counts))
    run("report", str(counts), str(EXAMPLE), *NOVEMBER, "--force")


def run(*words: str, **environment: str) -> None:
    """Run `sandik`; what it says is shown if it fails."""
    done = sandik(*words, environment=environment)
    if done.returncode:
        raise SystemExit(done.stderr.decode())


async def take(report: Path) -> None:
    """Take the picture of its beginning."""
    options = {"viewport": {"width": 1_000, "height": 1_500}, "color_scheme": "light"}
    async with chromium() as browser, looking(browser, report.as_uri(), **options) as page:
        await page.screenshot(path=PICTURE)


if __name__ == "__main__":
    with TemporaryDirectory() as name:
        asyncio.run(take(write_report(Path(name))))
        write_example(Path(name))
