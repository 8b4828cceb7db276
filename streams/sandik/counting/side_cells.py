"""Cells beside those of tags: counted with them in partials, and told otherwise than as a tag's count.

Their names have a colon, which no tag has.
"""

from sandik.counting.fold import Group
from sandik_schemas.partial import Cells

#: Before a tag: how many of its posts name an author.
WITH_AUTHOR = "with_author"


def cell_of(kind: str, tag: str) -> str:
    """Return the name of a cell beside that of a tag."""
    return f"{kind}:{tag}"


def is_tag(cell: str) -> bool:
    """Say whether the cell is that of a tag."""
    return ":" not in cell


def only_tags(cells: Cells) -> Cells:
    """Return the cells of tags."""
    return {
        language: {cell: count for cell, count in by_cell.items() if is_tag(cell)}
        for language, by_cell in cells.items()
    }


def marked(group: Group, cells: tuple[str, ...]) -> Group:
    """Return the group of posts that are counted in these cells too."""
    language, tags = group
    return language, (*tags, *cells)
