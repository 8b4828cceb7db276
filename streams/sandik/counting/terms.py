"""Which terms posts contain: counted in cells of their own, as exact as any; and the top of them by tag."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from sandik.counting.fold import REPOST, Group, Read
from sandik.counting.side_cells import cell_of, marked
from sandik_schemas.count import Count
from sandik_schemas.mention import Term
from sandik_schemas.term import SCHEMA_VERSION, TermCount

TERM = "term"


class Ranked(NamedTuple):
    """A term, how many posts contain it, and its rank among those of its tag, from 1."""

    tag: str
    rank: int
    term: str
    posts: int


def with_terms(read: Read, terms: Sequence[Sequence[Term]]) -> Read:
    """Return the batch, its posts in the cells of their terms too: in each once, however often it is said."""
    groups = [
        marked(group, tuple({_cell(group, one): None for one in found})) if found else group
        for group, found in zip(read.groups, terms, strict=True)
    ]
    return read._replace(groups=groups)


def _cell(group: Group, term: Term) -> str:
    tag = term.tag if term.tag in group[1] else f"{term.tag}_{REPOST}"  # as the post itself is counted
    return cell_of(TERM, f"{tag}/{term.term}")


def top_terms(cells: Mapping[str, int], at_most: int) -> Iterator[Ranked]:
    """Yield the terms of most posts of each tag, by tag and rank. `cells`: posts by cell, of one language."""
    by_tag: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for cell, count in cells.items():
        kind, _, name = cell.partition(":")
        if kind == TERM and name:
            tag, _, term = name.partition("/")
            by_tag[tag].append((-count, term))
    for tag, found in sorted(by_tag.items()):
        for rank, (count, term) in enumerate(sorted(found)[:at_most], start=1):
            yield Ranked(tag, rank, term, -count)


def term_counts(told: Count, cells: Mapping[str, int], at_most: int) -> Iterator[TermCount]:
    """Yield the top terms of each tag, as told with a count of the same window and language.

    Counts only grow, so a list never gets shorter: each rank that was ever written is written again.
    """
    for tag, rank, term, count in top_terms(cells, at_most):
        yield TermCount(
            schema_version=SCHEMA_VERSION,
            window_start=told.window_start,
            window_end=told.window_end,
            window_start_ms=told.window_start_ms,
            window_end_ms=told.window_end_ms,
            language=told.language,
            tag=tag,
            rank=rank,
            term=term,
            count=count,
            revision=told.revision,
            is_final=told.is_final,
            lexicon_version=told.lexicon_version,
            detector_version=told.detector_version,
            emitted_at_ms=told.emitted_at_ms,
        )
