"""Write deploy/demo/telegram.jsonl.gz from the archive in $SANDIK_TEST_DATA/telegram_ru.

`python -m tests.ingest.demo_telegram`; deploy/demo/ATTRIBUTION.md says what is taken and what is changed.
"""

import gzip
import json
import re
import unicodedata
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.quality.posts import DATA

TARGET = Path("deploy/demo/telegram.jsonl.gz")
MONTHS = ("2024-11",)
#: What the data set calls them: no stories about private persons, no advertisements, no crime of the city.
CATEGORIES = {"political", "business", "finances", "science", "it"}
#: Channels of others' articles.
LEFT_OUT = {"BBC News | Русская служба", "Ньюсач/Двач"}
LONGEST = 300
_INVITATION = re.compile(r"подпис|прислать|предложить новость|@\w|t\.me/|реклам|erid", re.IGNORECASE)


def text_of(markdown: str) -> str:
    """Return a text without lines that invite, cut to so many characters."""
    lines = [line for line in markdown.replace("**", "").splitlines() if not _INVITATION.search(line)]
    text = unicodedata.normalize("NFC", re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip())
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1].rstrip()}…"


def post_of(message: dict[str, Any], channel: str) -> dict[str, Any]:
    """Return a message as post v1."""
    at = datetime.fromisoformat(message["date"])
    return {
        "id": f"telegram:{channel}:{message['message_id']}",
        "source": "telegram",
        "created_at_ms": round(at.timestamp() * 1000),
        "text": text_of(message["text"]),
    }


def posts() -> list[dict[str, Any]]:
    """Return the posts in the order of time."""
    found = [
        post_of(message, path.name.partition("_")[0])
        for path in sorted((DATA / "telegram_ru").glob("*.json.gz"))
        for message in json.loads(gzip.decompress(path.read_bytes()))
        if message["date"][:7] in MONTHS
        and message["category"] in CATEGORIES
        and message["channel"] not in LEFT_OUT
    ]
    return sorted((one for one in found if one["text"]), key=lambda one: (one["created_at_ms"], one["id"]))


if __name__ == "__main__":
    lines = "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in posts())
    TARGET.write_bytes(gzip.compress(lines.encode(), 9, mtime=0))
