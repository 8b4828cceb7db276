"""Posts whose tags were judged by reading, before any run: authored ones, and samples of real ones.

`labels/net/<language>.<kind>.tsv` has the samples: what the wide net of words (`draw.py`) caught, drawn with
a seed. A row stands for `weight` posts of its source. `labels/authored*.jsonl` have posts written for this:
some only look like it. Half of every sample is held out: nobody looks at it while the lexicon is
made. Sets from *authored 6* on are held out whole.
"""

import csv
import hashlib
import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from tests.quality.posts import DATA, LABELS, posts

NET = LABELS / "net"
AUTHORED = sorted(LABELS.glob("authored*.jsonl"))
#: Ids of *authored 6* and later.
_HELD_OUT_WHOLE = re.compile(r"a([6-9]|\d\d+):")


class Judged(NamedTuple):
    """A post, the tags it should have, and how many posts of its source it stands for.

    `about`: by tag; a tag that nobody judged is not there. `text` is None where the posts are not at hand.
    """

    language: str
    kind: str
    id: str
    weight: float
    about: dict[str, bool]
    text: str | None

    @property
    def is_held_out(self) -> bool:
        return is_held_out(self.id)


def is_held_out(post_id: str) -> bool:
    """Say whether a post is of the half that is measured on, not learnt from. Its id decides: for good."""
    return bool(_HELD_OUT_WHOLE.match(post_id)) or hashlib.sha256(post_id.encode()).digest()[0] % 2 == 1


@cache
def judged() -> list[Judged]:
    """Return every judged post, sorted by language and kind."""
    return sorted([*_authored(), *_samples()], key=lambda one: (one.language, one.kind, one.id))


def _authored() -> Iterator[Judged]:
    for path in AUTHORED:
        kind = path.name.split(".")[0].replace("_", " ")
        for row in map(json.loads, path.read_text("utf-8").splitlines()):
            about = {tag: bool(row[tag]) for tag in ("election", "deepfake")}
            yield Judged(row["lang"], kind, row["id"], 1.0, about, row["text"])


def _samples() -> Iterator[Judged]:
    texts = _texts()
    for path in sorted(NET.glob("*.tsv")):
        language, kind = path.stem.split(".", 1)
        for row in _rows(path):
            about = {tag: row[tag] == "1" for tag in ("election", "deepfake") if row[tag]}
            text = texts.get(row["id"])
            yield Judged(language, kind.replace("_", " "), row["id"], float(row["weight"]), about, text)


def _rows(path: Path) -> list[dict[str, Any]]:
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))


@cache
def _texts() -> dict[str, str]:
    """Return id -> text of the sampled posts, as far as they are at hand: they have no licence to be here."""
    file = DATA / "terms_dev" / "real_posts.jsonl"
    if not file.is_file():
        return {}
    texts = {row["id"]: row["text"] for row in map(json.loads, file.read_text("utf-8").splitlines())}
    # Samples that were drawn later name the file and the row.
    wanted = {row["id"] for path in NET.glob("*.tsv") for row in _rows(path)} - texts.keys()
    for name in sorted({one.rsplit(":", 1)[0] for one in wanted}):
        texts |= {key: post.text for post in posts(name) if (key := f"{name}:{post.row_id}") in wanted}
    return texts
