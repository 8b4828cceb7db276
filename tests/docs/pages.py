"""The pages that people read, their links, and their blocks of commands.

A block that `<!-- run -->` stands before is run as it is shown. The comment may name files of the repository
that the reader has: `<!-- run deploy/demo/posts.jsonl -->`. Files that a page shows, those whose block begins
with a comment that is their name, are there as well. A block that `<!-- archive -->` stands before is of archives that are not part of the project:
`make answers` runs it and writes what it shows (archives.py).
"""

import re
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    path.relative_to(ROOT).as_posix()
    for path in (
        ROOT / "README.md",
        *(ROOT / "docs").rglob("*.md"),
        *(ROOT / "deploy").rglob("*.md"),
        ROOT / "bench" / "README.md",
        ROOT / "schemas" / "README.md",
    )
)

_BLOCK = re.compile(r"^(?:<!-- run ?(?P<files>.*?) ?-->\n)?```console\n(?P<body>.*?)^```$", re.M | re.S)
_FILE = re.compile(r"^```\w+\n(?P<text># (?P<name>[\w./-]+\.toml)(?::[^\n]*)?\n.*?)^```$", re.M | re.S)
_LINK = re.compile(r"\]\((?!\w+:)(?P<path>[^)#]*)(?:#(?P<anchor>[^)]*))?\)")
_INSTALL = re.compile(r"pip install '(?:\.|sandik)\[([\w,]+)\]'")


class Command(NamedTuple):
    """A command, and the lines that are shown of what it prints."""

    text: str
    shown: tuple[str, ...]


class Block(NamedTuple):
    """A `console` block. `files` is None where it is not marked as runnable."""

    commands: tuple[Command, ...]
    files: tuple[str, ...] | None


class Link(NamedTuple):
    """Where a link leads: a path, which is empty for the page itself, and an anchor or nothing."""

    path: str
    anchor: str


def written_between(document: str, begin: str, end: str, text: str) -> str:
    """Return the document with this text between two marks."""
    return re.sub(
        f"{re.escape(begin)}.*?{re.escape(end)}", lambda _: f"{begin}{text}{end}", document, flags=re.DOTALL
    )


def text_of(page: str) -> str:
    """Return the source of the page."""
    return (ROOT / page).read_text("utf-8")


def blocks(page: str) -> list[Block]:
    """Return the `console` blocks of the page, in their order."""
    return [
        Block(
            tuple(commands_of(found["body"].splitlines())),
            None if found["files"] is None else tuple(found["files"].split()),
        )
        for found in _BLOCK.finditer(text_of(page))
    ]


def files(page: str) -> dict[str, str]:
    """Return the files that the page shows whole, by their names."""
    return {found["name"]: found["text"] for found in _FILE.finditer(text_of(page))}


def links(page: str) -> list[Link]:
    """Return the links of the page to other files and places of this repository."""
    return [Link(found["path"], found["anchor"] or "") for found in _LINK.finditer(text_of(page))]


def extras(page: str) -> frozenset[str]:
    """Return the extras that the page tells its reader to install."""
    return frozenset(name for found in _INSTALL.findall(text_of(page)) for name in found.split(","))


def anchors(page: Path) -> set[str]:
    """Return the anchors of the page's headings, as Git's web pages make them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def commands_of(lines: Sequence[str]) -> Iterator[Command]:
    """Yield the commands of a block, each with the lines that are shown of it."""
    at = 0
    while at < len(lines):
        text, at = lines[at].removeprefix("$ "), at + 1
        while _goes_on(text):
            text, at = f"{text}\n{lines[at]}", at + 1
        end = next((i for i in range(at, len(lines)) if lines[i].startswith("$ ")), len(lines))
        yield Command(text, tuple(lines[at:end]))
        at = end


def _goes_on(text: str) -> bool:
    """Say whether the shell would wait for another line: after a pipe, or in quotation marks."""
    try:
        words = shlex.split(text, comments=True)
    except ValueError:  # a quotation mark is open
        return True
    return text.endswith("\\") or words[-1:] == ["|"]
