"""The filter of `sandik counts`, and why it finds nothing."""

import sys
from typing import NamedTuple

from sandik.counting.fold import ALL
from sandik.counting.labels import iso
from sandik.counting.source_names import OTHER, is_within
from sandik.figures.language_names import NAMES, check_known
from sandik.kafka.pairs_in_force import Pairs
from sandik.kafka.ranges import is_inside
from sandik_schemas.count import Count
from sandik_schemas.languages import is_of, languages_in
from sandik_schemas.pair import DEFAULT_PAIR


class Filter(NamedTuple):
    """Which cells to show; an empty set means all, as does a bound that is None."""

    tags: frozenset[str] = frozenset()
    languages: frozenset[str] = frozenset()
    from_ms: int | None = None
    to_ms: int | None = None
    pairs: Pairs = (DEFAULT_PAIR,)
    sources: frozenset[str] = frozenset()

    def takes(self, count: Count) -> bool:
        """Return whether the cell is wanted."""
        return self.takes_cell(count.window_start_ms, count.language, count.tag, count.source)

    def takes_cell(self, window_start_ms: int, language: str, tag: str, source: str | None) -> bool:
        """Do the same for a cell given by its key."""
        return (
            (not self.tags or tag in self.tags)
            and (not self.languages or any(is_of(language, one) for one in self.languages))
            and (not self.sources or any(is_within(source or "", one) for one in self.sources))
            and self.takes_time(window_start_ms)
        )

    def needs(self, count: Count) -> bool:
        """Return whether the cell is wanted, or is needed for the share of a wanted cell."""
        if any(count.tag == pair.base and pair.name in self.tags for pair in self.pairs):
            return self._replace(tags=frozenset()).takes(count)
        return self.takes(count)

    def takes_time(self, window_start_ms: int) -> bool:
        """Return whether windows that start then are wanted."""
        return is_inside(window_start_ms, window_start_ms + 1, self.from_ms, self.to_ms)


EVERYTHING = Filter()


class Seen:
    """Summarises what was read, to distinguish misspelt names from names without posts."""

    def __init__(self, topic: str, wanted: Filter) -> None:
        self._topic, self._wanted = topic, wanted
        self._tags: set[str] = set()
        self._languages: set[str] = set()
        self._sources: set[str] = set()
        self._first_ms, self._last_ms = sys.maxsize, -1
        self._has_time = self._has_any = False

    def add(self, count: Count) -> None:
        """Take note of a record."""
        self._tags.add(count.tag)
        self._languages.update((count.language, *languages_in(count.language)))
        if count.source is not None:
            self._sources.add(
                count.source
            )  # asking for a source of which only channels are named would miss posts
        self._first_ms = min(self._first_ms, count.window_start_ms)
        self._last_ms = max(self._last_ms, count.window_start_ms)
        self._has_time |= self._wanted.takes_time(count.window_start_ms)
        self._has_any |= self._wanted.takes(count)

    def check(self) -> None:
        """Raise UsageError for what was asked for, is not in the topic and not known: a tag, for example."""
        if self._tags:  # of an empty topic nobody can say
            tags = {ALL, *(tag for pair in self._wanted.pairs for tag in (pair.base, *pair.of, pair.name))}
            check_known("--tag", self._wanted.tags, self._tags, tags)
            check_known("--language", self._wanted.languages, self._languages, {*NAMES})
            check_known("--source", self._wanted.sources, self._sources, {OTHER})

    def tell_why_nothing(self) -> None:
        """Say on stderr why nothing of what was read is wanted, if so it is."""
        if not self._has_any:
            sys.stderr.write(f"nothing to show: {self._why_nothing()}\n")

    def _why_nothing(self) -> str:
        if not self._tags:
            return f"{self._topic} is empty. Are there posts, and does a worker run? Run `sandik doctor`"
        if not self._has_time:
            first, last = iso(self._first_ms), iso(self._last_ms)
            return f"no window starts in that time. Those of {self._topic} start from {first} to {last}"
        wanted = self._wanted
        asked = (("language", wanted.languages), ("source", wanted.sources), ("tag", wanted.tags))
        what = " and ".join(f"{name} {' or '.join(sorted(some))}" for name, some in asked if some)
        return f"no post of that time has {what}"
