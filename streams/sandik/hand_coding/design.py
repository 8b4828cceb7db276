"""How a sample was drawn, and the stratum of each post: `design.json`, which coders must not see."""

from pathlib import Path

import msgspec

from sandik.hand_coding.strata import Stratum
from sandik.replay.plan import TimeMs
from sandik.tables.json_files import read_json
from sandik_schemas.pair import Pair

SCHEMA_VERSION = 1


class DesignStratum(msgspec.Struct, frozen=True):
    """A stratum: the number of its `posts`, and the numbers of the drawn `items`."""

    language: str
    source: str
    kind: str
    posts: int
    items: list[str]


class Design(msgspec.Struct, frozen=True):
    """A sample: rules, period, and strata. Times in ms UTC, None is no bound.

    `ids`: item -> id of its post.
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
    """Return the design. UsageError if the file is not a design."""
    return read_json(path, Design, SCHEMA_VERSION, "`sandik sample`")
