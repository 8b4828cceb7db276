"""Take docs/report.png and write docs/example-report.html: the report of the demo's evening.

`python -m tests.page.report_screenshot` does all of it.
"""

import asyncio
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.page.browser import chromium, looking
from tests.page.evening import whole_evening
from tests.support.command import succeed

PICTURE, EXAMPLE = Path("docs/report.png"), Path("docs/example-report.html")
LEXICON = {"SANDIK_LEXICON": "builtin,events/turkey-2023"}
SPAN = ("--from", "2023-05-11T17:00Z", "--to", "2023-05-11T18:25Z", "--step", "5m")


def write_report(folder: Path) -> Path:
    """Count the evening by the minute and report it."""
    posts, counts, report = folder / "evening.jsonl", folder / "evening.csv", folder / "evening.html"
    posts.write_bytes(whole_evening())
    for words in (
        ("replay", str(posts), "--order", "as-is", "--out", str(counts)),
        ("report", str(counts), str(report), *SPAN),
    ):
        succeed(*words, environment=LEXICON)
    return report


async def take(report: Path) -> None:
    """Take the picture of its beginning."""
    options = {"viewport": {"width": 1_000, "height": 1_500}, "color_scheme": "light"}
    async with chromium() as browser, looking(browser, report.as_uri(), **options) as page:
        await page.screenshot(path=PICTURE)


if __name__ == "__main__":
    with TemporaryDirectory() as name:
        written = write_report(Path(name))
        shutil.copy(written, EXAMPLE)
        asyncio.run(take(written))
