"""Posts without end, one every 60 ms of event time, written no faster than a worker counts them."""

import random
from collections.abc import Awaitable, Callable

import msgspec
from aiokafka import AIOKafkaProducer
from aiokafka.producer.message_accumulator import BatchBuilder

from tests.support.kafka import wait_until

BASE_MS = 1_683_800_040_000
STEP_MS = 60
DISORDER_MS = 9_000
CHUNK = 6_000
#: How many posts may wait to be counted: a backlog that never becomes a catch-up.
LAG = 60_000

_SENTENCES = {
    "tr": "Seçimde sandığa sahip çıkalım|Deepfake videolar her yerde dolaşıyor|Bugün sahilde uzun yürüdük",
    "ru": "Выборы президента пройдут в воскресенье|Это видео дипфейк, не верьте|Сегодня мы гуляли в парке",
    "uk": "Вибори відбудуться вже в неділю|Це відео справжнє, перевірили двічі|Увечері знову пішов дощ",
    "en": "The election is only days away|That video is a deepfake, look at the hands|We had soup for lunch",
    "de": "Die Wahl findet am Sonntag statt|Dieses Video ist ein Deepfake|Morgen wird es wieder wärmer",
    "fr": "Les élections auront lieu dimanche|Cette vidéo est truquée|Le marché ouvre tôt le matin",
    "es": "Las elecciones se celebran el domingo|Ese vídeo es falso|Mañana iremos a la playa con los niños",
    "it": "Le elezioni si terranno domenica|Il video non è autentico|Stasera cuciniamo la pasta al forno",
    "pl": "Wybory odbędą się w niedzielę|To nagranie jest fałszywe|Wczoraj padało przez cały dzień",
    "ar": "ستجرى الانتخابات يوم الأحد|هذا الفيديو مزيف تماما|خرجنا اليوم إلى الحديقة مع الأطفال",
    "az": "Seçkilər bazar günü keçiriləcək|Bu video saxtadır, inanmayın|Axşam dostlarla görüşdük",
    "nl": "De verkiezingen vinden zondag plaats|Deze video is nep|Vanavond eten we bij mijn ouders",
    "ja": "選挙は日曜日に行われます|この動画は偽物です|今日は公園を散歩しました",
}
TEXTS = [sentence for sentences in _SENTENCES.values() for sentence in sentences.split("|")]


class Soak:
    """Writes posts to all partitions of a topic, in turn."""

    def __init__(self, bootstrap: str, topic: str, partitions: int) -> None:
        self.bootstrap = bootstrap
        self.topic = topic
        self.partitions = partitions
        self.written = 0
        self._chance = random.Random(7)

    async def write(self, posts: int, counted: Callable[[], Awaitable[int]]) -> None:
        """Write so many posts; wait for the worker whenever it is `LAG` behind."""
        options = {"max_batch_size": 1 << 20, "acks": "all"}
        async with AIOKafkaProducer(bootstrap_servers=self.bootstrap, **options) as producer:
            while self.written < posts:
                await self._write_chunk(producer, min(CHUNK, posts - self.written))

                async def keeps_up() -> bool:
                    return self.written - await counted() <= LAG

                await wait_until(keeps_up, 300, f"of {self.written} posts, all but {LAG} are counted")

    async def _write_chunk(self, producer: AIOKafkaProducer, posts: int) -> None:
        batches: list[BatchBuilder] = [producer.create_batch() for _ in range(self.partitions)]
        for number in range(self.written, self.written + posts):
            added = batches[number % self.partitions].append(
                key=None, value=self._post(number), timestamp=None
            )
            assert added, "a chunk fits a batch"
        sent = [
            await producer.send_batch(batch, self.topic, partition=partition)
            for partition, batch in enumerate(batches)
            if batch.record_count()
        ]
        for acknowledgement in sent:
            await acknowledgement
        self.written += posts

    def _post(self, number: int) -> bytes:
        chance = self._chance
        text = f"{chance.choice(TEXTS)}. {chance.choice(TEXTS)} {number % 997}"
        created_at_ms = BASE_MS + number * STEP_MS + chance.randrange(-DISORDER_MS, DISORDER_MS)
        return msgspec.json.encode(
            {"id": f"soak:{number}", "source": "soak", "created_at_ms": created_at_ms, "text": text}
        )
