"""A pair of tags, whose posts are counted once more where they have them all: what makes `both`."""

import msgspec


class Pair(msgspec.Struct, frozen=True):
    """Posts with all tags of `of` are counted under `name` as well. The share is of the posts of `base`."""

    name: str
    of: tuple[str, ...]
    base: str

    def holds(self, tags: tuple[str, ...]) -> bool:
        """Return whether a post with these tags is one of the pair."""
        return set(self.of).issubset(tags)


#: What is taken where nothing says otherwise: the pair of the built-in lexicon.
DEFAULT_PAIR = Pair("both", ("election", "deepfake"), "election")
