"""The evening of the demo as a story of an hour and a half, made of the invented posts of posts.jsonl.

A quiet start, the warning, the wave in Turkish, a quarter of an hour later the one in Russian; one burst, and
posts that come late. `python deploy/demo/evening.py` prints it as posts, one a line, in the order of ingest;
every time the same.
"""

import random
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import exp
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from sandik import annotate

Post = dict[str, Any]

SAMPLE = Path(__file__).with_name("posts.jsonl")
INVENTED = "example"
#: 20:00 in Istanbul, three days before the vote.
BEGIN_MS = 1_683_824_400_000
MINUTE_MS = 60_000
MINUTES = 90
WARNING, BURST = 40, 58
#: So many posts are late by some minutes, and a few by more than any count waits.
LATE, TOO_LATE = 14, 3


class Voice(NamedTuple):
    """Posts of a language: election posts a minute before and in the wave, and when that begins."""

    quiet: float
    loud: float
    wave: int


VOICES = {
    "tr": Voice(3.0, 9.0, WARNING + 3),
    "ru": Voice(1.2, 5.0, WARNING + 18),
    "en": Voice(0.7, 2.0, WARNING + 8),
    "uk": Voice(0.3, 1.0, WARNING + 16),
    "az": Voice(0.3, 1.0, WARNING + 8),
    "ar": Voice(0.2, 0.6, WARNING + 10),
}
#: What is appended to a text, so that few are the same.
TAILS = {
    "tr": [
        "",
        " Ne dersiniz?",
        " Paylaşmak istedim.",
        " Bizim evde de konu bu.",
        " Haksız mıyım?",
        " Neyse.",
    ],
    "ru": ["", " Что скажете?", " Вот так.", " У нас все об этом говорят.", " Не знаю, что и думать."],
    "en": ["", " What do you think?", " Just saying.", " Everyone here talks about it.", " Anyway."],
}


def evening(sample: Iterable[Post]) -> list[Post]:
    """Return the posts in the order of ingest; `created_at_ms` begins with BEGIN_MS."""
    chance = random.Random(14)  # noqa: S311 - a story, no secret
    pool = _by_kind([post for post in sample if post["source"] == INVENTED])
    on_time = sorted(_posts(pool, chance), key=lambda post: post["created_at_ms"])
    behind = chance.sample([one for one in on_time if _minute(one) in range(WARNING, BURST)], LATE + TOO_LATE)
    kept = [post for post in on_time if post not in behind]
    arrivals = [(post["created_at_ms"], post) for post in kept]
    for number, post in enumerate(behind):
        late_min = chance.uniform(3, 8) if number < LATE else 25
        arrivals.append((post["created_at_ms"] + round(late_min * MINUTE_MS), post))
    arrivals.sort(key=lambda one: one[0])
    return [post | {"id": f"{INVENTED}:e{number}"} for number, (_, post) in enumerate(arrivals, 1)]


def _minute(post: Post) -> int:
    return int(post["created_at_ms"] - BEGIN_MS) // MINUTE_MS


def _by_kind(posts: Sequence[Post]) -> Mapping[tuple[str, str], list[Post]]:
    """Return the posts by language and what they are about."""
    found: dict[tuple[str, str], list[Post]] = {}
    hints = [post.get("lang_hint") for post in posts]
    for post, one in zip(posts, annotate([post["text"] for post in posts], lang_hints=hints), strict=True):
        about = "both" if len(one.tags) == 2 else next(iter(one.tags), "nothing")
        found.setdefault((one.language, about), []).append(post)
    return found


def _posts(pool: Mapping[tuple[str, str], list[Post]], chance: random.Random) -> Iterator[Post]:
    for minute in range(MINUTES):
        for language, voice in VOICES.items():
            wave = 1 / (1 + exp((voice.wave + 4 - minute) / 2.5)) * (1 - 0.5 * (minute > MINUTES - 15))
            rate = voice.quiet + (voice.loud - voice.quiet) * wave
            if (minute, language) == (BURST, "tr"):
                rate = 45
            for _ in range(_poisson(rate, chance)):
                about = "both" if chance.random() < 0.02 + 0.55 * wave else "election"
                yield _post(pool, language, about, minute, chance)
            for about, often in (("nothing", voice.quiet * 0.7), ("deepfake", voice.loud * 0.15 * wave)):
                if (language, about) in pool:
                    for _ in range(_poisson(often, chance)):
                        yield _post(pool, language, about, minute, chance)
        if minute == WARNING:
            yield from (_at(post, minute, chance) for post in pool.get(("ru+tr", "both"), []))


def _post(
    pool: Mapping[tuple[str, str], list[Post]], language: str, about: str, minute: int, chance: random.Random
) -> Post:
    post = chance.choice(pool[language, about])
    return _at(post | {"text": post["text"] + chance.choice(TAILS.get(language, [""]))}, minute, chance)


def _at(post: Post, minute: int, chance: random.Random) -> Post:
    return post | {"created_at_ms": BEGIN_MS + minute * MINUTE_MS + chance.randrange(MINUTE_MS)}


def _poisson(rate: float, chance: random.Random) -> int:
    count, left = 0, chance.expovariate(1)
    while left < rate:
        count, left = count + 1, left + chance.expovariate(1)
    return count


def main() -> None:
    """Print the evening."""
    sample = [orjson.loads(line) for line in SAMPLE.read_bytes().splitlines()]
    for post in evening(sample):
        sys.stdout.buffer.write(orjson.dumps(post, option=orjson.OPT_APPEND_NEWLINE))


if __name__ == "__main__":
    main()
