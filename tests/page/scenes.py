"""What there is to see: counts and posts as the workers write them."""

from typing import Any

import msgspec

from sandik.kafka.topics import MENTIONS, POSTS, all_topics, create
from sandik.settings import Settings
from sandik_schemas.mention import Term
from tests.dashboard.builders import BASE_MS, a_count, a_mention
from tests.page.browser import write_counts
from tests.support.kafka import produce

TEXT = "Seçim öncesi deepfake videolar"
LAST_HOUR = "?span=hour&rollup=minute"


async def write_an_hour(settings: Settings) -> None:
    """Write an hour in three languages: a burst, posts too late, the newest windows current, and a post."""
    await create(settings, all_topics(settings))
    counts = [
        a_count(
            tag,
            language,
            minute=minute,
            count=(40 if minute == 45 and language == "tr" else 6) // part,
            is_final=minute < 55,
            revision=3,
            late_count=int(minute == 50),
        )
        for minute in range(60)
        for language in ("tr", "ru", "en")
        for tag, part in (("all", 1), ("election", 1), ("deepfake", 3), ("both", 6))
    ]
    await write_counts(settings, [*counts, a_count("all", "de", minute=59, count=1_234)])
    await write_post(settings, TEXT, (Term("seçim", "election", 0, 5), Term("deepfake", "deepfake", 13, 21)))


async def write_post(settings: Settings, text: str, terms: tuple[Term, ...], **values: Any) -> None:
    post = {"id": "test:0", "source": "test", "created_at_ms": BASE_MS, "text": text}
    [offset] = await produce(
        settings.broker, settings.topic(POSTS), [(b"test:0", msgspec.json.encode(post), 0, None)]
    )
    mention = a_mention(offset, **{"id": "test:0", "created_at_ms": BASE_MS, "terms": terms, **values})
    await produce(settings.broker, settings.topic(MENTIONS), [(b"", msgspec.json.encode(mention), 0, None)])
