"""The result of each file: posts, other items with reasons, first and last event time, late posts."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from sandik.ingest.items import Item, Rejected, Skipped
from sandik.ingest.post_times.expected_late import Lateness
from sandik.ingest.post_times.sorted_pieces import Slice
from sandik.ingest.post_times.sorting import Aside
from sandik_schemas.post import Post

#: How many posts are checked for lateness at once.
AT_ONCE = 1_000
#: How many rejected items are reported per reason: in one file, and in total.
EXAMPLES, EXAMPLES_IN_ALL = 3, 30


@dataclass
class Account:
    """One file. `posts` are the posts passed on for writing; times are those of creations."""

    file: str
    format: str = ""
    posts: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    rejected: Counter[str] = field(default_factory=Counter)
    first_created_at_ms: int | None = None
    last_created_at_ms: int | None = None
    expected_late: int = 0

    def see(self, time_ms: int) -> None:
        """Add the event time of a post."""
        if self.first_created_at_ms is None or time_ms < self.first_created_at_ms:
            self.first_created_at_ms = time_ms
        if self.last_created_at_ms is None or time_ms > self.last_created_at_ms:
            self.last_created_at_ms = time_ms


class Accounts:
    """The accounts of all files. `tell_late` is called once, before the first late posts."""

    def __init__(self, files: Sequence[Account], tell_late: Callable[[Account, Post], object]) -> None:
        self.files = files
        self._tell_late = tell_late
        self._is_told = self._has_begun = False
        self._posts: list[Post] = []
        self._numbers: list[int] = []

    def through(
        self, placed: Iterable[Slice | Aside], lateness: Callable[[], Lateness | None]
    ) -> Iterator[Item]:
        """Yield the items, and count them. `lateness` is called when the first item is there."""
        try:
            for one in placed:
                if isinstance(one, Aside):
                    account, item = self.files[one.file], one.item
                    (account.skipped if isinstance(item, Skipped) else account.rejected)[item.reason] += 1
                    yield item
                    continue
                self._posts += one.posts
                self._numbers += one.files
                # The first posts at once: in a sorted archive they are the oldest, so late if any is.
                if len(self._posts) >= AT_ONCE or not self._has_begun:
                    self._settle(lateness())
                yield from one.posts
        finally:
            self._settle(lateness())

    def _settle(self, lateness: Lateness | None) -> None:
        posts, numbers, self._has_begun = self._posts, self._numbers, True
        self._posts, self._numbers = [], []
        for post, number in zip(posts, numbers, strict=True):
            account = self.files[number]
            account.posts += 1
            if post.op == "create":
                account.see(post.created_at_ms)
        late = lateness.late(posts) if lateness else []
        for at in late:
            self.files[numbers[at]].expected_late += 1
        if late and not self._is_told:
            self._is_told = True
            self._tell_late(self.files[numbers[late[0]]], posts[late[0]])


class Examples:
    """Chooses which rejected items are reported: the first few per reason and file."""

    def __init__(self) -> None:
        self._of_file: Counter[tuple[str, str]] = Counter()
        self._in_all: Counter[str] = Counter()

    def is_told(self, item: Rejected | Skipped) -> bool:
        """Return whether this item is reported."""
        place = item.where.rpartition(":")[0], item.reason
        # Reasons that were reported often enough are not remembered: a live source has no end.
        if self._in_all[item.reason] >= EXAMPLES_IN_ALL or self._of_file[place] >= EXAMPLES:
            return False
        self._of_file[place] += 1
        self._in_all[item.reason] += 1
        return True
