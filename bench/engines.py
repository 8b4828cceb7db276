"""All contenders in turn, several rounds, each round in another order."""

import random
from collections.abc import Iterable, Sequence

from bench.broker import Broker
from bench.contenders import CONTENDERS, Contender
from bench.data import SEED
from bench.measure import measure
from bench.progress import say
from bench.results import Results
from bench.running import ContenderError

LEAST_POSTS = 2_400


async def engines(broker: Broker, results: Results, rounds: int, posts: int, only: Sequence[str]) -> None:
    """Measure every contender `rounds` times; what is measured is saved at once."""
    takes_part = [one for one in CONTENDERS if not only or any(word in one.name for word in only)]
    takes_part = [one for one in takes_part if one.command() is not None]
    results.begin("engines", {"rounds": rounds, "posts": posts, "runs": []})
    for number in range(rounds):
        for contender in _shuffled(takes_part, number):
            count = max(LEAST_POSTS, int(posts * contender.share))
            say(f"Round {number + 1} of {rounds}: {contender.job} job, {contender.name}, {count:,} posts")
            try:
                measured, _ = await measure(contender, broker, count)
            except (ContenderError, TimeoutError) as error:
                say(f"  not measured: {error}")
                continue
            say(
                f"  {measured.posts_per_cpu_s:,.0f} posts/s a core, "
                f"{measured.posts_per_s:,.0f} posts/s, {measured.peak_rss_mb:,.0f} MB"
            )
            if not measured.is_without_start:
                say("  its start is in these figures: read more posts")
            if measured.is_exact is False:
                say(f"  WRONG: it counted {measured.counted:,} of {measured.posts:,} posts")
            results.add_run(number, contender.job, contender.name, measured.as_dict())


def _shuffled(contenders: Iterable[Contender], number: int) -> list[Contender]:
    contenders = list(contenders)
    random.Random(SEED + number).shuffle(contenders)  # noqa: S311 - an order, no secret
    return contenders
