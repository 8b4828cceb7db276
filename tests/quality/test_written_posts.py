"""Posts written for the rules of Turkish, Russian and English: each carries what it should.

They were written before the rules that find them; four in ten only look like it. `MISSED`, and rows that say
`missed`, are what no rule tells: they are there so that nobody takes this list for a measure
(docs/terms.md has that).
"""

import json
from pathlib import Path

from sandik.run_identity import load_job
from sandik.settings import Settings

WRITTEN = sorted((Path(__file__).parent / "labels").glob("written*.jsonl"))
#: Beginnings of the posts that carry a tag too many or too few.
MISSED = {
    "i'm sitting this one out, both",
    "Cabinet minister resigns to fi",
}


def test_written_posts_carry_what_they_should() -> None:
    rows = [json.loads(line) for file in WRITTEN for line in file.read_text("utf-8").splitlines()]
    answers = load_job(Settings()).annotate([row["text"] for row in rows])
    wrong = {
        row["text"]: answer.tags
        for row, answer in zip(rows, answers, strict=True)
        if tuple(answer.tags) != tuple(tag for tag in ("deepfake", "election") if row[tag])
    }
    missed = {row["text"][:30] for row in rows if row.get("missed")}
    assert {text[:30] for text in wrong} == MISSED | missed
