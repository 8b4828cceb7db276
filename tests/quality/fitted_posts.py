"""The posts that models are fitted to: judged ones, ones written for this, and those of the archives."""

import hashlib
import json
from collections.abc import Iterator
from typing import NamedTuple

from sandik.counting.tags.match import Tagger
from tests.quality.judged import judged
from tests.quality.posts import EARTHQUAKE, IRA, LABELS, LID, labels, posts, telegram_files

WRITTEN = sorted(LABELS.glob("written*.jsonl"))
#: Of the posts of the archives that nobody judged, one in so many is taken.
ONE_IN = {"election.en": 6}


class Example(NamedTuple):
    """A post, whether it is about the tag, and where it comes from. `weight`: what it counts in a fit."""

    text: str
    is_about: bool
    source: str
    weight: float = 1.0


def judged_posts(tag: str, language: str) -> Iterator[Example]:
    """Yield the development halves, and posts that were written to be fitted to."""
    for one in judged():
        if one.language == language and not one.is_held_out and one.text and tag in one.about:
            yield Example(one.text, one.about[tag], one.kind)
    written = (line for file in WRITTEN for line in file.read_text("utf-8").splitlines())
    for row in map(json.loads, written):
        if row["lang"] == language:
            yield Example(row["text"], bool(row[tag]), "written")
    if tag == "deepfake":
        for line in (LABELS / "deepfake_posts.tsv").read_text("utf-8").splitlines():
            sign, code, text = line.split("\t", 2)
            if code == language:
                yield Example(text, sign == "+", "written")


def archive_posts(tag: str, language: str, tagger: Tagger) -> Iterator[Example]:
    """Yield posts of the archives: about the tag if they are labelled so, else if they have it."""
    told = {(one.file, one.row_id): one.is_about for one in labels() if one.tag == tag}
    out = {one.text for one in judged()}
    found = {
        post.text: told.get((post.file, post.row_id))
        for post in posts(IRA, LID, EARTHQUAKE, *telegram_files())
        if post.language == language and post.text.strip() and post.text not in out
    }
    one_in = ONE_IN.get(f"{tag}.{language}", 1)
    texts = [
        text
        for text, label in found.items()
        if label is not None or hashlib.sha256(text.encode()).digest()[1] % one_in == 0
    ]
    terms = tagger.terms(texts, [language] * len(texts))
    for text, some in zip(texts, terms, strict=True):
        label = found[text]
        is_tagged = any(one.tag == tag for one in some)
        yield Example(text, is_tagged if label is None else label, "archives")
