"""The posts and the labels that quality is measured on. The posts lie outside the repository."""

import csv
import gzip
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

DATA = Path(os.environ.get("SANDIK_TEST_DATA") or Path(__file__).parents[3] / "shared" / "data")
LABELS = Path(__file__).parent / "labels"

IRA = "ira_2016-09-15_2016-11-15.tsv.gz"
LID = "lid_dev.tsv.gz"
EARTHQUAKE = "earthquake_tr_2023-02.tsv.gz"
TELEGRAM = "telegram_ru"
WITHOUT_DATA = f"no {IRA} in {DATA}: set SANDIK_TEST_DATA"

_IRA_LANGUAGES = {
    "Arabic": "ar",
    "Bulgarian": "bg",
    "English": "en",
    "French": "fr",
    "German": "de",
    "Kurdish": "ku",
    "Macedonian": "mk",
    "Russian": "ru",
    "Serbian": "sr",
    "Turkish": "tr",
    "Ukrainian": "uk",
    "Uzbek": "uz",
}


class SourcedPost(NamedTuple):
    """A post of a data file. `row_id`: its line, from 1 with the heading, or its message id.

    `language` is what the file says it is, not what a detector would say; `und` where it does not say.
    """

    file: str
    row_id: str
    language: str
    text: str


class Label(NamedTuple):
    """Whether a post is about what the tag says, in the judgement of somebody who read it."""

    language: str
    file: str
    row_id: str
    tag: str
    is_about: bool
    lemma: str
    note: str


def posts(*files: str) -> Iterator[SourcedPost]:
    """Yield the posts of these files, or of all."""
    for file in files or (IRA, LID, EARTHQUAKE, *telegram_files()):
        yield from _telegram(file) if file.endswith(".json.gz") else _table(file)


def telegram_files() -> list[str]:
    """Return the names of the Telegram channels' files."""
    return sorted(f"{TELEGRAM}/{file.name}" for file in (DATA / TELEGRAM).glob("*.json.gz"))


def labels() -> Iterator[Label]:
    """Yield every label of `labels/<language>.tsv`."""
    for path in sorted(LABELS.glob("??.tsv")):
        with path.open(encoding="utf-8", newline="") as lines:
            for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
                is_about = {"1": True, "0": False}[row["label"]]
                yield Label(
                    path.stem,
                    row["file"],
                    row["row_id"],
                    row["tag"],
                    is_about,
                    row["lemma"],
                    row["note"] or "",
                )


def _table(file: str) -> Iterator[SourcedPost]:
    with gzip.open(DATA / file, "rt", encoding="utf-8", newline="\n") as lines:
        next(lines)
        for number, line in enumerate(lines, start=2):
            cells = line.rstrip("\n").split("\t")
            yield SourcedPost(file, str(number), _language(file, cells), cells[-1])


def _language(file: str, cells: list[str]) -> str:
    if file == IRA:
        return _IRA_LANGUAGES.get(cells[2], "und")
    return cells[1] if file == LID else "tr"


def _telegram(file: str) -> Iterator[SourcedPost]:
    with gzip.open(DATA / file, "rt", encoding="utf-8") as content:
        for message in json.load(content):
            yield SourcedPost(file, str(message["message_id"]), "ru", message["text"] or "")
