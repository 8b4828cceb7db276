"""Times, shares and languages as a report writes them. Pure."""

from collections.abc import Mapping
from datetime import UTC, datetime
from html import escape

from sandik.figures.corrected import Estimate
from sandik.figures.language_names import english_name
from sandik.figures.rollup import EVERY, Share
from sandik.figures.shares import percent
from sandik.report.tag_names import about
from sandik_schemas.pair import Pair

#: HTML does not allow them, and a terminal that shows the file obeys some.
_CONTROLS = dict.fromkeys({*range(32), *range(127, 160)} - {9, 10}, "�") | {13: None}


def when(at_ms: int) -> str:
    """Return `2023-05-11 18:00`, UTC, with seconds only where there are some."""
    found = datetime.fromtimestamp(at_ms / 1000, UTC)
    return found.strftime("%Y-%m-%d %H:%M:%S" if found.second else "%Y-%m-%d %H:%M")


def span(from_ms: int, to_ms: int) -> str:
    """Return a time from and to, the day once where it is the same."""
    start, end = when(from_ms), when(to_ms)
    return f"{start} – {end[11:] if end[:10] == start[:10] else end}"


def duration(length_ms: int) -> str:
    """Return `5 min`, `1 h` or `7 d`: the largest unit that gives a whole number."""
    for unit_ms, name in ((86_400_000, "d"), (3_600_000, "h"), (60_000, "min"), (1_000, "s")):
        if length_ms % unit_ms == 0:
            return f"{length_ms // unit_ms:,} {name}"
    return f"{length_ms:,} ms"


def share_text(share: Share | None, posts: Mapping[str, int], pair: Pair | None, base: str | None) -> str:
    """Return the share with its interval and what it is of; without a pair, how many posts there are."""
    if pair is None:
        return f"{posts.get(base or '', 0):,} posts {about(base)}"
    if share is None:
        return f"no posts {about(pair.base)}"
    both, of = posts.get(pair.name, 0), posts[pair.base]
    return f"{both:,} of {of:,}, {percent(share.value or both / of)} ({interval(share)})"


def interval(share: Share | Estimate) -> str:
    """Return from where to where the share lies, with 95 % confidence."""
    return f"{percent(share.low)} to {percent(share.high)}"


def language_name(code: str) -> str:
    """Return the name of a language, with its code."""
    if code == EVERY:
        return "All languages"
    name = english_name(code)
    return f"{name} ({code})" if name else code


def safe(text: str) -> str:
    """Return any text as HTML that shows it; control characters but line ends and tabs are replaced."""
    return escape(text.translate(_CONTROLS))
