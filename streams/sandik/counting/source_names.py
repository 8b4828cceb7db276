"""Which source a post is counted under: one of those that are named, or `other`. Pure.

The names are configured, not discovered. So the source of a post does not depend on earlier posts or on the
partition, and the sources of a cell add up to the cell (docs/decisions/046-sources.md).
"""

from typing import NamedTuple

from sandik_schemas.post import Post

#: What posts of all other sources are counted under.
OTHER = "other"
#: The maximum number of names: each one adds as many cells as there are without sources.
MAX_SOURCES = 100
#: Part of the run's id.
SOURCES_VERSION = "sources-1"
#: A name is part of the key of a count, which is cut at this.
_NOT_IN_NAMES = "|"


def full_name(post: Post) -> str:
    """Return the source of a post with its channel, where it has one: `telegram/1001039626561`."""
    return post.source if post.source_detail is None else f"{post.source}/{post.source_detail}"


def is_within(source: str, asked: str) -> bool:
    """Return whether posts counted under `source` are of the source that is asked for, or of its channels."""
    return source == asked or source.startswith(f"{asked}/")


class SourceNames(NamedTuple):
    """The sources that are counted by name: `telegram`, or one of its channels, `telegram/1001039626561`."""

    names: frozenset[str]

    @classmethod
    def parse(cls, written: str) -> "SourceNames | None":
        """Read names with commas between them; None if there are none.

        Raises:
            ValueError: one cannot be a name, or there are too many.
        """
        names = frozenset(name.strip() for name in written.split(",")) - {""}
        if len(names) > MAX_SOURCES:
            raise ValueError(f"{len(names)} sources are too many: name at most {MAX_SOURCES}")
        for name in names:
            if _NOT_IN_NAMES in name or not name.isprintable():
                raise ValueError(f"{name!r} is no name of a source: it must be printable and have no |")
        return cls(names - {OTHER}) if names else None

    def of(self, post: Post) -> str:
        """Return what a post is counted under: its channel, else its source, else `other`."""
        detailed = full_name(post)
        if detailed in self.names:
            return detailed
        return post.source if post.source in self.names else OTHER

    @property
    def rule(self) -> str:
        """The names in order, as the setting has them: part of what identifies a run."""
        return ",".join(sorted(self.names))
