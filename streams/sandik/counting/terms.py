"""Which terms posts contain: counted beside the cells of their tags, as exact as these; the top by tag."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from sandik.counting.fold import REPOST, Group, TermOfTag
from sandik_schemas.count import Count
from sandik_schemas.mention import Term
from sandik_schemas.term import SCHEMA_VERSION, TermCount

#: Part of the run's id. "3": what names a sum of words is no term.
TERMS_VERSION = "terms-3"


class Ranked(NamedTuple):
    """A term, how many posts contain it, and its rank among those of its tag, from 1."""

    tag: str
    rank: int
    term: str
    posts: int


def terms_of_posts(groups: Sequence[Group], terms: Sequence[Sequence[Term]]) -> Sequence[Sequence[TermOfTag]]:
    """Return the terms that each post is counted under: each once, even if the post repeats it.

    What names a sum of words is none: readers would look for it in the posts.
    """
    return [
        tuple({_of_tag(group, one): None for one in found if not one.is_sum}) if found else ()
        for group, found in zip(groups, terms, strict=True)
    ]


def _of_tag(group: Group, term: Term) -> TermOfTag:
    # As the post itself is counted: a repost may have cells of its own.
    return (term.tag if term.tag in group[1] else f"{term.tag}_{REPOST}"), term.term


def top_terms(by_tag: Mapping[str, Mapping[str, int]], at_most: int) -> Iterator[Ranked]:
    """Yield the terms of most posts of each tag, by tag and rank. `by_tag`: tag -> term -> posts."""
    for tag, found in sorted(by_tag.items()):
        ranked = sorted((-posts, term) for term, posts in found.items())
        for rank, (posts, term) in enumerate(ranked[:at_most], start=1):
            yield Ranked(tag, rank, term, -posts)


def term_counts(count: Count, by_tag: Mapping[str, Mapping[str, int]], at_most: int) -> Iterator[TermCount]:
    """Yield the top terms of each tag, beside a count of the same window and language.

    Counts only grow, so a list never gets shorter, and each rank that was written before is written again.
    """
    for tag, rank, term, posts in top_terms(by_tag, at_most):
        yield TermCount(
            schema_version=SCHEMA_VERSION,
            window_start=count.window_start,
            window_end=count.window_end,
            window_start_ms=count.window_start_ms,
            window_end_ms=count.window_end_ms,
            language=count.language,
            tag=tag,
            rank=rank,
            term=term,
            count=posts,
            revision=count.revision,
            is_final=count.is_final,
            lexicon_version=count.lexicon_version,
            detector_version=count.detector_version,
            emitted_at_ms=count.emitted_at_ms,
        )
