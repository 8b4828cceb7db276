"""Which stratum a post is of. Pure."""

from typing import NamedTuple

from sandik.counting.fold import ALL

#: Posts without a tag: some form of the lexicon stands in them and does not count, or none does.
NEAR_MISS, REST = "near-miss", "rest"


class Stratum(NamedTuple):
    """Posts that are drawn from together. `kind`: their tags, joined by `+`, or NEAR_MISS, or REST."""

    language: str
    source: str
    kind: str


def kind_of(tags: tuple[str, ...], *, is_near: bool) -> str:
    """Return what the tags say of a post."""
    own = [tag for tag in tags if tag != ALL]
    return "+".join(sorted(own)) or (NEAR_MISS if is_near else REST)
