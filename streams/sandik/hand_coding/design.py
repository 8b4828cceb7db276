"""What a sample was drawn from, and which post is of which stratum: `design.json`, which no coder sees."""

from pathlib import Path

import msgspec

from sandik.hand_coding.strata import Stratum
from sandik.replay.plan import TimeMs
from sandik.tables.json_files import read_json
from sandik_schemas.pair import Pair

SCHEMA_VERSION = 1


class DesignStratum(msgspec.Struct, frozen=True):
    """A stratum: `posts` that there were, and the numbers of the `items` that were drawn of them."""

    language: str
    source: str
    kind: str
    posts: int
    items: list[str]


class Design(msgspec.Struct, frozen=True):
    """A sample: what was drawn, by which rules, from which period. Times in ms UTC, None is no bound.

    `ids` has the post of each item, by its id.
    """

    schema_version: int
    seed: int
    per_stratum: int
    from_ms: TimeMs | None
    to_ms: TimeMs | None
    languages: list[str]
    lexicon_version: str
    detector_version: str
    tags: tuple[str, ...]
    pairs: tuple[Pair, ...]
    strata: list[DesignStratum]
    ids: dict[str, str] = {}

    @property
    def strata_of_items(self) -> dict[str, Stratum]:
        """The stratum of each item."""
        return {
            item: Stratum(one.language, one.source, one.kind) for one in self.strata for item in one.items
        }


def load_design(path: Path) -> Design:
    """Return the design. UsageError if the file is none."""
    return read_json(path, Design, SCHEMA_VERSION, "`sandik sample`")
