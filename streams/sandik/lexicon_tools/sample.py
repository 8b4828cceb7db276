"""How many posts of a sample each entry of a lexicon counts in."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import msgspec

from sandik.counting.language import Detector
from sandik.counting.tags import Tagger
from sandik.counting.tags.lexicon import Entry
from sandik.errors import UsageError
from sandik.figures.shares import percent

_BATCH = 500


class Post(msgspec.Struct):
    """A line of the sample. It needs a text; its time matters to entries that count on some days only."""

    text: str
    created_at_ms: int | None = None


class Share(msgspec.Struct, frozen=True):
    """How many posts of the sample an entry counts in, and their share."""

    file: str
    line: int
    tag: str
    term: str
    posts: int
    share: float

    @property
    def where(self) -> str:
        """Return the place of the entry as file:line."""
        return f"{self.file}:{self.line}"

    def complaint(self) -> str:
        """Return the complaint about an entry that counts in too many."""
        return (
            f"'{self.term}' counts in {percent(self.share)} of the sample: is all of that about {self.tag}?"
        )


def read_sample(file: Path) -> list[Post]:
    """Return the posts of JSON lines. UsageError with the number of the first line that is not a post."""
    found, number = [], 0
    try:
        with file.open("rb") as lines:
            for line in lines:
                number += 1
                if line.strip():
                    found.append(msgspec.json.decode(line, type=Post))
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror}") from error
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise UsageError(f"{file}:{number}: not a JSON object with a `text`: {error}") from error
    if not found:
        raise UsageError(f"{file}: no posts in it; write one JSON object with a `text` a line")
    return found


def shares(tagger: Tagger, detector: Detector, sample: Sequence[Post]) -> list[Share]:
    """Return the share of each entry that counts in at least one post, the largest first."""
    posts: Counter[Entry] = Counter()
    for first in range(0, len(sample), _BATCH):
        batch = [post.text for post in sample[first : first + _BATCH]]
        times_ms = [post.created_at_ms for post in sample[first : first + _BATCH]]
        languages = [language.code for language in detector.detect(batch)]
        for hits in tagger.counted(batch, languages, times_ms).values():
            posts.update({hit.entry for hit in hits})
    result = []
    for entry, count in sorted(posts.items(), key=lambda item: (-item[1], item[0])):
        file, line = entry.where.rsplit(":", 1)
        result.append(Share(file, int(line), entry.tag, entry.lemma, count, round(count / len(sample), 4)))
    return result
