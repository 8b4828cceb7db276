"""A cache of the results of recent texts: many posts repeat a text, and then cost one look-up."""

from collections.abc import Callable, Hashable, Sequence
from typing import Generic, TypeVar

#: About what is remembered at most, in characters of text; twice that, as there are two generations. Twice as
#: much takes 10 MB more, and knows four more in a thousand.
MAX_CHARS = 1_500_000
#: What an entry takes besides its text, in characters.
_ENTRY_CHARS = 100
#: A text with its hint that is longer is not remembered. Few repeat a megabyte, and what was made of one that
#: is all terms is many times as large.
_LONGEST = 10_000

Hints = Sequence[str | None]
T = TypeVar("T")


class Repeats(Generic[T]):
    """Caches answers. The answer to a text must not depend on the other texts of a batch.

    It has two generations. When the younger one is full, the older one is dropped: recent texts are in one of
    them, without any order to keep.
    """

    def __init__(self, max_chars: int = MAX_CHARS) -> None:
        self._max_chars = max_chars
        self._chars = 0
        self._young: dict[Hashable, T] = {}
        self._old: dict[Hashable, T] = {}

    def __len__(self) -> int:
        """Return how many texts are remembered; those in both generations count twice."""
        return len(self._young) + len(self._old)

    def answers(
        self, texts: Sequence[str], hints: Hints | None, make: Callable[[list[int]], Sequence[T]]
    ) -> list[T]:
        """Return the answer to each text with its hint (`lang_hint`), in order.

        `make` is called once, with the indices of those that are new, each once.
        """
        # A text alone is its own key: its hash is worked out once, that of a pair each time it is asked for.
        keys: Sequence[Hashable] = texts
        if hints and any(hints):
            keys = [text if hint is None else (text, hint) for text, hint in zip(texts, hints, strict=True)]
        places = dict(zip(keys, range(len(keys)), strict=True))
        known = {key: self._young[key] for key in self._young.keys() & places.keys()}
        again = {key: self._old[key] for key in self._old.keys() & places.keys() if key not in known}
        known.update(again)
        for key in known:
            del places[key]
        new = dict(zip(places, make(list(places.values())), strict=True))
        again.update(new)
        self._remember(again, texts, hints)
        if len(new) == len(keys):
            return list(new.values())
        known.update(new)
        return [*map(known.__getitem__, keys)]

    def _remember(self, answers: dict[Hashable, T], texts: Sequence[str], hints: Hints | None) -> None:
        sizes = [*map(len, texts), *map(len, filter(None, hints or ()))]
        if max(sizes, default=0) > _LONGEST:
            answers = {key: answer for key, answer in answers.items() if _chars(key) <= _LONGEST}
        self._young.update(answers)
        self._chars += sum(sizes) + _ENTRY_CHARS * len(answers)
        if self._chars > self._max_chars:
            self._old, self._young, self._chars = self._young, {}, 0


def _chars(key: Hashable) -> int:
    return len(key) if isinstance(key, str) else sum(map(len, key))  # type: ignore[call-overload]  # of a pair
