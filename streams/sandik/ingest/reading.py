"""Files -> items in the order of writing, with an account of each file."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Literal

from sandik.ingest.file_stats import Account, Accounts
from sandik.ingest.inputs import Source, read_one
from sandik.ingest.items import Item
from sandik.ingest.post_times.expected_late import Lateness
from sandik.ingest.post_times.sorted_pieces import Slice
from sandik.ingest.post_times.sorting import Aside, Sorter, Sorting, as_they_are
from sandik.ingest.post_times.wrong_clocks import Apart, Watch
from sandik_schemas.post import Post

Order = Literal["time", "as-is"]


class Reading:
    """Reads sources: files in the order of event time, or as they are.

    A pipe may be endless, so its posts are not sorted. They come after the posts of the files.
    """

    def __init__(
        self,
        sources: Sequence[Source],
        change: Callable[[Item], Item],
        order: Order,
        temp_dir: Path | None,
        tell_late: Callable[[Account, Post], object] = lambda _, __: None,
    ) -> None:
        self.sources = sources
        self.accounts = Accounts([Account(source.shown_name) for source in sources], tell_late)
        self.lateness: Lateness | None = None
        self._change = change
        files = [number for number, source in enumerate(sources) if source.size_bytes is not None]
        self._sorted = files if order == "time" else []
        self._as_is = [number for number in range(len(sources)) if number not in set(self._sorted)]
        self._sorter = Sorter(temp_dir)
        self._watch = Watch(self.sorting, [source.shown_name for source in sources])

    @property
    def sorting(self) -> Sorting:
        """The progress of sorting."""
        return self._sorter.sorting

    @property
    def is_sorted(self) -> bool:
        """Return whether all posts are sorted."""
        return not self._as_is

    @property
    def has_begun(self) -> bool:
        """Return whether anything was read."""
        return any(one.posts or one.rejected or one.skipped for one in self.accounts.files)

    @property
    def doubtful(self) -> Apart | None:
        """Posts far from all others whose clocks are not proven wrong."""
        return self._watch.doubtful

    def items(self) -> Iterator[Item]:
        """Yield all items. Can be called once."""
        in_order = ((number, self._watch.reading(number, self._items(number))) for number in self._sorted)
        placed: Iterable[Slice | Aside] = chain(
            self._watch.through(self._sorter.in_order(in_order)),
            as_they_are((number, self._items(number)) for number in self._as_is),
        )
        return self.accounts.through(placed, lambda: self.lateness)

    def files(self) -> Sequence[Account]:
        """Return the accounts, with the formats that were found."""
        for account, source in zip(self.accounts.files, self.sources, strict=True):
            account.format = ", ".join(sorted(source.formats)) or source.format or ""
        return self.accounts.files

    def _items(self, number: int) -> Iterator[Item]:
        return map(self._change, read_one(self.sources[number]))
