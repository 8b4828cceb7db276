"""The rule of sessions: pane by pane, in order, which sessions continue and which have ended."""

from collections.abc import Iterator, Mapping
from operator import add as plus

from sandik.counting.fold import ALL
from sandik.counting.windows.count_fields import CellSums
from sandik_schemas.partial import Cells, OpenSession

#: Language -> tag -> its open session.
Open = dict[str, dict[str, OpenSession]]
Found = tuple[str, str, OpenSession]


def add(sessions: Open, span_ms: tuple[int, int], counts: Cells, late_counts: Cells) -> None:
    """Add a pane `[start, end)`, later than all before it, to the open sessions, or begin new ones."""
    start_ms, end_ms = span_ms
    for language in counts.keys() | late_counts.keys():
        by_tag, late_by_tag = counts.get(language, {}), late_counts.get(language, {})
        total, total_late = by_tag.get(ALL, 0), late_by_tag.get(ALL, 0)
        of_language = sessions.setdefault(language, {})
        for tag in by_tag.keys() | of_language.keys():
            count, late_count = by_tag.get(tag, 0), late_by_tag.get(tag, 0)
            one = of_language.get(tag)
            if one is None:
                if count:
                    of_language[tag] = OpenSession(start_ms, end_ms, count, late_count, total, total_late)
                continue
            since = (
                one.late_count_since + late_count,
                one.total_since + total,
                one.total_late_since + total_late,
            )
            if count:
                # The posts since its end now lie inside.
                summed = map(plus, sums(one), (count, *since))
                of_language[tag] = OpenSession(one.start_ms, end_ms, *summed)
            else:
                of_language[tag] = OpenSession(one.start_ms, one.end_ms, *sums(one), *since)


def end(sessions: Open, time_ms: int, gap_ms: int) -> Iterator[Found]:
    """Remove and yield the sessions that no pane from `time_ms` on can continue."""
    for language, tag, one in list(each(sessions)):
        if time_ms - one.end_ms >= gap_ms:
            del sessions[language][tag]
            yield language, tag, one


def each(sessions: Mapping[str, Mapping[str, OpenSession]]) -> Iterator[Found]:
    """Yield language, tag and session of all."""
    for language, by_tag in sessions.items():
        for tag, one in by_tag.items():
            yield language, tag, one


def copied(sessions: Mapping[str, Mapping[str, OpenSession]]) -> Open:
    """Return a copy that may be changed."""
    return {language: dict(by_tag) for language, by_tag in sessions.items() if by_tag}


def present(counts: Cells) -> Iterator[tuple[str, str]]:
    """Yield the (language, tag) of which there are posts."""
    for language, by_tag in counts.items():
        for tag, count in by_tag.items():
            if count:
                yield language, tag


def sums(one: OpenSession) -> CellSums:
    """Return the posts from the session's start to its end."""
    return CellSums(one.count, one.late_count, one.total, one.total_late)
