"""What `sandik up` is asked to read: the arguments of `sandik ingest`, taken apart and put together again."""

import glob
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from sandik.errors import UsageError
from sandik.ingest.inputs import STDIN, find
from sandik.ingest.live import is_live


@dataclass(frozen=True)
class Request:
    """Sources, and what else `sandik ingest` is told, as it was typed."""

    sources: tuple[str, ...] = ()
    options: tuple[str, ...] = ()

    @property
    def is_live(self) -> bool:
        """Whether it has no end."""
        return any(map(is_live, self.sources))

    @property
    def is_piped(self) -> bool:
        """Whether it comes from stdin."""
        return STDIN in self.sources

    @property
    def name(self) -> str:
        """What to call it in a status line."""
        if not self.sources:
            return ""
        first = self.sources[0]
        # Of an address the host alone: the rest may hold a token.
        shown = (
            "stdin" if first == STDIN else (is_live(first) and urlsplit(first).hostname) or Path(first).name
        )
        shown = "".join(one if one.isprintable() else "?" for one in shown)
        return shown if len(self.sources) == 1 else f"{shown} and {len(self.sources) - 1} more"

    def has(self, option: str) -> bool:
        """Return whether the option was given."""
        return self.value(option) is not None

    def value(self, option: str) -> str | None:
        """Return what was given for the option: nothing but "" for one that takes no value."""
        for one, following in zip(self.options, (*self.options[1:], ""), strict=False):
            name, has_value, value = one.partition("=")
            if name == option:
                return value if has_value else following
        return None

    def with_options(self, *more: str) -> "Request":
        """Return it with more options."""
        return replace(self, options=(*self.options, *more))

    def without(self, files: Collection[str]) -> "Request":
        """Return it without these files."""
        return replace(self, sources=tuple(one for one in self.sources if one not in files))

    @property
    def arguments(self) -> tuple[str, ...]:
        """The arguments of `sandik ingest`."""
        return (*self.options, "--", *self.sources)


def take_apart(words: Sequence[str], takes_value: Mapping[str, bool]) -> Request:
    """Return which of the words are sources, and which are options with their values.

    `takes_value` says of each option whether a word belongs to it.
    """
    sources: list[str] = []
    options: list[str] = []
    left = iter(words)
    for word in left:
        if word == "--":
            sources += left
        elif word == STDIN or not word.startswith("-"):
            sources.append(word)
        else:
            options.append(word)
            if takes_value.get(word, False):
                options += [value for value in [next(left, None)] if value is not None]
    return Request(tuple(sources), tuple(options))


def looked_up(request: Request) -> Request:
    """Return it with patterns replaced by the files they match.

    Raises:
        UsageError: a file or a pattern is nowhere to be found, said before anything is started.
    """
    for option in ("--dry-run", "--check"):
        if request.has(option):
            raise UsageError(f"{option} does not need `sandik up`: run `sandik ingest {option}`")
    if request.is_live:
        return request
    found = find(request.sources)
    for name in found:
        if name != STDIN and not Path(name).is_file():
            what = "is a folder: give its files, as in" if Path(name).is_dir() else "does not exist"
            folder = f" '{glob.escape(name.rstrip('/'))}/*'" if Path(name).is_dir() else ""
            raise UsageError(f"{name} {what}{folder}")
    return replace(request, sources=tuple(found))
