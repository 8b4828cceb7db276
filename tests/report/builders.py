"""Reports over counts and mentions that a test makes up."""

from collections.abc import Iterable
from typing import Any

from sandik.report.document import Report, report_of
from sandik.report.evidence import Evidence, Seen
from sandik.report.period import Period
from sandik.report.read_counts import Counted
from sandik.report.run_origin import Origin
from sandik.report.series import Figures, figures_of
from sandik_schemas.count import Count
from tests.dashboard.builders import BASE_MS, MINUTE_MS, a_count

#: A language and tag by minute, as many posts as the value says.
Posts = dict[tuple[int, str, str], int]


def an_hour(step: int = 1) -> Period:
    """Return the hour from BASE_MS in steps of so many minutes."""
    return Period(BASE_MS, BASE_MS + 60 * MINUTE_MS, step * MINUTE_MS)


def counts_of(posts: Posts, **values: Any) -> list[Count]:
    """Return the counts, final unless said otherwise."""
    return [
        a_count(tag, language, minute=minute, **{"count": count, "is_final": True, **values})
        for (minute, language, tag), count in posts.items()
    ]


def counted_of(counts: Iterable[Count]) -> Counted:
    """Return the counts as a report reads them."""
    counted = Counted()
    counted.add(counts)
    return counted


def figures_from(posts: Posts, period: Period | None = None, **values: Any) -> Figures:
    """Return the figures of the posts."""
    return figures_of(counted_of(counts_of(posts, **values)).cells, period or an_hour())


def report_from(
    posts: Posts, seen: Iterable[Seen] = (), *, origin: Origin | None = None, hides_texts: bool = False
) -> Report:
    """Return the report of the posts and mentions."""
    counted = counted_of(counts_of(posts))
    figures = figures_of(counted.cells, an_hour())
    evidence = Evidence(figures.period, figures.highlights, frozenset({("lex-1", "det-1")}))
    evidence.add(seen)
    return report_of(
        figures, counted, origin or Origin("counts.csv"), evidence, {}, hides_texts=hides_texts, notices=[]
    )
