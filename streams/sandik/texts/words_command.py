"""`sandik words`: terms in the same posts, and words that rise against a baseline."""

import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec

from sandik.clock import SystemClock
from sandik.counting.fold import cell_tags
from sandik.errors import UsageError
from sandik.figures.selection import Selection, selection_of
from sandik.ingest.escaped import printable
from sandik.printing import print_json
from sandik.replay.counted_posts import CountedPost, check_tag, each_counted, plan_of
from sandik.settings import Settings
from sandik.tables.aligned import aligned
from sandik.texts.cleaning import words_of
from sandik.texts.keyness import Key, keys
from sandik.texts.together import Pairing, Together
from sandik_schemas.pair import Pair

#: Words in fewer posts of both sides are ignored.
_FEWEST_POSTS = 3


class WordsOrder(NamedTuple):
    """The options: posts, a selection, and a baseline for rising words."""

    posts: str
    one: str
    baseline: str | None = None
    tag: str = "all"
    top: int = 20


class WordsTold(msgspec.Struct, frozen=True):
    """The output of `sandik words --json`; `keys` is None without a baseline."""

    posts: int
    baseline_posts: int | None
    together: list[Pairing]
    keys: list[Key] | None


class _Side:
    """The posts of a selection, with their words and terms."""

    def __init__(self, selection: Selection, tag: str, window_size_ms: int) -> None:
        self.posts = 0
        self.words: Counter[str] = Counter()
        self.together = Together()
        self._selection, self._tag, self._size_ms = selection, tag, window_size_ms

    def add(self, posts: Iterable[CountedPost], pairs: tuple[Pair, ...]) -> None:
        chosen = [one for one in posts if self._holds(one, pairs)]
        self.posts += len(chosen)
        for one in chosen:
            self.words.update(set(words_of(one.post.text)))
        self.together.add([term.term for term in one.annotation.terms if not term.is_sum] for one in chosen)

    def _holds(self, one: CountedPost, pairs: tuple[Pair, ...]) -> bool:
        start_ms = one.post.created_at_ms - one.post.created_at_ms % self._size_ms
        window = start_ms, start_ms + self._size_ms
        return self._tag in cell_tags(one.annotation.tags, pairs) and self._selection.holds(
            *window, one.annotation.language.code, one.post.source
        )


def run_words(order: WordsOrder, settings: Settings, *, json: bool) -> int:
    """Print terms in the same posts; with a baseline, also rising words.

    Raises:
        UsageError: there are no such posts.
        SandikError: Kafka or the topic is unavailable, or a file has changed.
    """
    now_ms = SystemClock().now_ms()
    asked = [selection_of(one, now_ms) for one in (order.one, order.baseline) if one is not None]
    sides = _read(order, asked, settings)
    for selection, side in zip(asked, sides, strict=True):
        if not side.posts:
            raise UsageError(f"{selection.name}: there are no posts of {order.tag} there")
    found = keys(*_shown(*(side.words for side in sides))) if order.baseline is not None else None
    together = sides[0].together.pairings()[: order.top]
    baseline = sides[1].posts if order.baseline is not None else None
    told = WordsTold(sides[0].posts, baseline, together, None if found is None else found[: order.top])
    if json:
        print_json(told)
    else:
        _print(told)
    return 0


def _read(order: WordsOrder, asked: Iterable[Selection], settings: Settings) -> list[_Side]:
    plan = plan_of(() if order.posts == "live" else (order.posts,), None, None, settings)
    job = plan.rules.job(settings)
    check_tag(order.tag, job)
    sides = [_Side(selection, order.tag, plan.rules.window_size_ms) for selection in asked]

    def take(posts: list[CountedPost]) -> None:
        for side in sides:
            side.add(posts, job.tagger.pairs)

    each_counted(plan, settings, job, take)
    return sides


def _shown(posts: Counter[str], baseline: Counter[str]) -> tuple[Counter[str], Counter[str]]:
    """Return the words that are in enough posts."""
    both = posts + baseline
    few = {word for word, count in both.items() if count < _FEWEST_POSTS or len(word) < 2}
    return (
        Counter({word: count for word, count in posts.items() if word not in few}),
        Counter({word: count for word, count in baseline.items() if word not in few}),
    )


def _print(told: WordsTold) -> None:
    if told.keys is not None:
        _table(
            f"Words that rise: {told.posts:,} posts against {told.baseline_posts:,}",
            ("word", "posts", "baseline", "log-odds", "z"),
            ((one.word, one.posts, one.baseline, f"{one.log_odds:+.2f}", one.z) for one in told.keys),
        )
    _table(
        f"Terms in the same posts, of {told.posts:,}",
        ("term", "with", "posts", "of", "and of", "lift"),
        ((one.one, one.other, one.posts, one.of_one, one.of_other, one.lift) for one in told.together),
    )


def _table(title: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    sys.stdout.writelines(f"{printable(line)}\n" for line in (title, *aligned(head, rows), ""))
