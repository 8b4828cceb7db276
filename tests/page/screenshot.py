"""Take docs/dashboard.png: the demo's evening of May 2023, as it stood at 21:22 in Istanbul.

`python -m tests.page.screenshot` does all of it: Kafka, the posts, a worker, the page.
"""

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory

from sandik.broker import EmbeddedKafka
from sandik.settings import Settings
from tests.page.browser import chromium, dashboard, looking, shows
from tests.page.evening import ISTANBUL, NOTES, QUERY, SETTINGS, count_evening

PICTURE = Path("docs/dashboard.png")


async def take() -> None:
    """Count the posts of the evening up to then, and take the picture."""
    with TemporaryDirectory() as name, EmbeddedKafka(Path(name) / "kafka") as kafka:
        settings = Settings(broker=kafka.bootstrap_servers, **SETTINGS)
        notes = Path(name) / "notes.toml"
        notes.write_text(NOTES)
        with dashboard(settings, "--notes", str(notes)) as url:
            await count_evening(settings, Path(name))
            options = {"viewport": {"width": 1_280, "height": 1_115}, "color_scheme": "light", **ISTANBUL}
            async with chromium() as browser, looking(browser, url + QUERY, **options) as page:
                await shows(page, "#table td", "final")
                await page.locator(".text").first.wait_for()
                await page.wait_for_timeout(6_000)  # until what came last is drawn, too
                await page.screenshot(path=PICTURE)


if __name__ == "__main__":
    asyncio.run(take())
