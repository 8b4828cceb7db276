"""How many posts of a sample each entry of a lexicon would hit."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import msgspec

from streams.errors import UsageError
from streams.shares import percent
from streams.steps.language import Detector
from streams.steps.tags import Tagger
from streams.steps.tags.lexicon import Entry

_BATCH = 500


class Post(msgspec.Struct):
    """What a line of the sample needs: a text."""

    text: str


class Share(msgspec.Struct, frozen=True):
    """How many posts of the sample an entry counts in, and the share that is."""

    file: str
    line: int
    tag: str
    term: str
    posts: int
    share: float

    @property
    def where(self) -> str:
        """Return where the entry is written, as file:line."""
        return f"{self.file}:{self.line}"

    def complaint(self) -> str:
        """Return what to say of an entry that counts in too many."""
        return (
            f"'{self.term}' counts in {percent(self.share)} of the sample: is all of that about {self.tag}?"
        )


def read_sample(file: Path) -> list[str]:
    """Return the texts of JSON lines. Raises UsageError, with the line, if one is none."""
    texts, number = [], 0
    try:
        with file.open("rb") as lines:
            for line in lines:
                number += 1
                if line.strip():
                    texts.append(msgspec.json.decode(line, type=Post).text)
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror}") from error
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise UsageError(f"{file}:{number}: not a JSON object with a `text`: {error}") from error
    if not texts:
        raise UsageError(f"{file}: no posts in it; write one JSON object with a `text` a line")
    return texts


def shares(tagger: Tagger, detector: Detector, texts: Sequence[str]) -> list[Share]:
    """Return a share for every entry that counts in at least one of the texts: most posts first."""
    posts: Counter[Entry] = Counter()
    for first in range(0, len(texts), _BATCH):
        batch = texts[first : first + _BATCH]
        languages = [language.code for language in detector.detect(batch)]
        for hits in tagger.counted(batch, languages).values():
            posts.update({hit.entry for hit in hits})
    result = []
    for entry, count in sorted(posts.items(), key=lambda item: (-item[1], item[0])):
        file, line = entry.where.rsplit(":", 1)
        result.append(Share(file, int(line), entry.tag, entry.lemma, count, round(count / len(texts), 4)))
    return result
