"""The long posts of an X account's archive: `tweets.js` has their beginning, `note-tweet.js` the full text.

Neither refers to the other, so they are matched by time and beginning.
"""

import re
import zipfile
from collections.abc import Iterator
from html import unescape
from pathlib import Path, PurePath

from sandik.ingest.decoding.frames import UNDECODABLE, decode_json, without_assignment
from sandik.ingest.decoding.json_access import each, string
from sandik.ingest.decoding.times import iso_ms

#: The largest file of long posts. A long post has at most 25,000 characters.
MAX_NOTES_BYTES = 256 << 20
_NOTES = ("note-tweet.js", "note-tweet-part1.js", "note-tweet-part2.js")
_POSTS = re.compile(r"(?:tweets?|community-tweet)(?:-part\d+)?\.js")
_SAME_MS = 10_000
_BEGINNING_CHARACTERS = 60
_ENDING = re.compile(r"(?:…|\.\.\.)?\s*(?:https://t\.co/\w+)?\s*$")
_FIRST_MENTIONS = re.compile(r"^(?:@\w+\s+)+")


class Notes:
    """Long texts, found by time and beginning."""

    def __init__(self) -> None:
        self._of_second: dict[int, list[str]] = {}

    def __len__(self) -> int:
        return sum(map(len, self._of_second.values()))

    def add(self, data: bytes) -> None:
        """Add the texts of one file. A file that cannot be read adds nothing."""
        try:
            value = decode_json(without_assignment(data))
        except UNDECODABLE:
            return
        for one in each(value):
            text = string(one, "noteTweet", "core", "text")
            created_at_ms = iso_ms(string(one, "noteTweet", "createdAt") or "")
            if text is not None and created_at_ms is not None:
                self._of_second.setdefault(created_at_ms // _SAME_MS, []).append(text)

    def whole(self, text: str, created_at_ms: int) -> str:
        """Return the full text of a post; `text` itself if there is no long text for it."""
        beginning = _begins(_ENDING.sub("", text))
        if not beginning:
            return text
        near = (created_at_ms // _SAME_MS + step for step in (0, -1, 1))
        for second in near:
            for note in self._of_second.get(second, ()):
                if len(note) > len(text) // 2 and _begins(note).startswith(beginning):
                    return note
        return text


def _begins(text: str) -> str:
    return " ".join(_FIRST_MENTIONS.sub("", unescape(text)).split())[:_BEGINNING_CHARACTERS]


def notes_beside(path: str) -> Notes | None:
    """Return the long texts for a file: an account's zip, or `tweets.js` in its folder."""
    notes = Notes()
    file = Path(path)
    try:
        if file.suffix.lower() == ".zip":
            for data in _in_zip(file):
                notes.add(data)
        elif _POSTS.fullmatch(file.name):
            for name in _NOTES:
                if (beside := file.with_name(name)).is_file() and beside.stat().st_size <= MAX_NOTES_BYTES:
                    notes.add(beside.read_bytes())
    except (OSError, zipfile.BadZipFile, ValueError, RuntimeError, NotImplementedError):
        return None  # the reader of the file itself reports what is wrong with it
    return notes if len(notes) else None


def _in_zip(file: Path) -> Iterator[bytes]:
    with zipfile.ZipFile(file) as archive:
        for entry in archive.infolist():
            if PurePath(entry.filename).name in _NOTES and entry.file_size <= MAX_NOTES_BYTES:
                yield archive.read(entry)


def has_posts_beside(path: str, member: str | None) -> bool:
    """Return whether the file has long texts of posts that are read from `tweets.js` beside it."""
    name = PurePath(member or path).name
    if name not in _NOTES:
        return False
    try:
        if member is None:
            return any(_POSTS.fullmatch(one.name) for one in Path(path).parent.iterdir())
        with zipfile.ZipFile(path) as archive:
            return any(_POSTS.fullmatch(PurePath(one).name) for one in archive.namelist())
    except (OSError, zipfile.BadZipFile):
        return False
