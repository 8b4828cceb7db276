"""What was made of the texts of late, so that one that comes again costs a look-up: much is posted twice."""

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

#: About what is remembered at most, in characters of text; twice that, as there are two generations.
MAX_CHARS = 3_000_000
#: What an entry takes besides its text, in characters.
_ENTRY_CHARS = 100

#: A text and its `lang_hint`.
Hinted = tuple[str, str | None]
T = TypeVar("T")


class Repeats(Generic[T]):
    """Remembers answers, and never changes one: `make` must give a text the same answer in any company.

    Two generations, of which the older one is forgotten when the younger one is full: whatever was asked for
    lately is in one of them, and nobody has to keep them in order.
    """

    def __init__(self, max_chars: int = MAX_CHARS) -> None:
        self._max_chars = max_chars
        self._chars = 0
        self._young: dict[Hinted, T] = {}
        self._old: dict[Hinted, T] = {}

    def __len__(self) -> int:
        """Return how many texts are remembered; those in both generations count twice."""
        return len(self._young) + len(self._old)

    def answers(self, texts: Sequence[Hinted], make: Callable[[Sequence[Hinted]], Sequence[T]]) -> list[T]:
        """Return the answer to each text, in order. `make` is called once, with those that are new."""
        young, old = self._young, self._old
        found = [young.get(text, old.get(text)) for text in texts]
        new = dict.fromkeys(text for text, answer in zip(texts, found, strict=True) if answer is None)
        made = dict(zip(new, make(list(new)), strict=True))
        answers = [
            made[text] if answer is None else answer for text, answer in zip(texts, found, strict=True)
        ]
        self._remember(texts, answers)
        return answers

    def _remember(self, texts: Sequence[Hinted], answers: Sequence[T]) -> None:
        self._young.update(zip(texts, answers, strict=True))
        self._chars += sum(_ENTRY_CHARS + len(text) for text, _ in texts)
        if self._chars > self._max_chars:
            self._old, self._young, self._chars = self._young, {}, 0
