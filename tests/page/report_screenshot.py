"""Take docs/report.png: the report of the demo's evening.

`python -m tests.page.report_screenshot` does all of it.
"""

import asyncio
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.page.browser import chromium, looking
from tests.support.command import sandik

SAMPLE = Path("deploy/demo/posts.jsonl")
PICTURE = Path("docs/report.png")
EVENING = ("--from", "2023-05-11T18:00Z", "--to", "2023-05-11T18:30Z")


def write_report(folder: Path) -> Path:
    """Count the sample by the minute and report its evening."""
    shutil.copy(SAMPLE, folder / "posts.jsonl")
    counts, report = folder / "demo.csv", folder / "evening.html"
    sandik("replay", str(folder / "posts.jsonl"), "--out", str(counts)).check_returncode()
    sandik("report", str(counts), str(report), *EVENING).check_returncode()
    return report


async def take(report: Path) -> None:
    """Take the picture of its beginning."""
    options = {"viewport": {"width": 1_000, "height": 1_500}, "color_scheme": "light"}
    async with chromium() as browser, looking(browser, report.as_uri(), **options) as page:
        await page.screenshot(path=PICTURE)


if __name__ == "__main__":
    with TemporaryDirectory() as name:
        asyncio.run(take(write_report(Path(name))))
