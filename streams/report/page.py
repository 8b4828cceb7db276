"""A report -> one HTML file: no script, no link, nothing to load, the same bytes every time. Pure."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from streams.dashboard.rows import ELECTION, EVERY
from streams.report import charts, footing, highlights
from streams.report.figures import UNDETECTED, LanguageFigures
from streams.report.highlights import terms_line
from streams.report.report import Report
from streams.report.wording import duration, interval, language_name, safe, share_text, span
from streams.shares import percent
from streams.steps.counts import ALL, BOTH

_CSS = Path(__file__).with_name("page.css")
_FIRST_TAGS = (ALL, ELECTION, "deepfake", BOTH)
#: A browser that is handed this file fetches nothing and runs nothing, whatever stands in a post.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def page(report: Report) -> bytes:
    """Return the file. What came from posts is text in it, never markup."""
    period = report.figures.period
    title = f"Election and deepfakes, {span(period.from_ms, period.to_ms)} UTC"
    parts = [
        '<!doctype html><html lang="en"><head><meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{safe(title)}</title><style>{_CSS.read_text('utf-8')}</style></head><body><main>",
        *_head(report),
        *_table(report),
        *_charts(report),
        *highlights.bursts(report),
        *footing.coverage(report),
        *footing.method(report),
        "</main></body></html>",
    ]
    return ("\n".join(parts) + "\n").encode("utf-8", "replace")


def _head(report: Report) -> Iterator[str]:
    period = report.figures.period
    yield "<h1>How much of the talk about the election speaks of deepfakes</h1>"
    yield f"<p>{span(period.from_ms, period.to_ms)} UTC, in steps of {duration(period.step_ms)}</p>"
    every = next((one for one in report.figures.languages if one.language == EVERY), None)
    if every is None:
        yield '<p class="lead">No posts were counted in this time.</p>'
    else:
        yield f'<p class="lead">{_lead(every)}</p>'
    for notice in report.notices:
        yield f'<p class="notice">{safe(notice)}</p>'


def _lead(every: LanguageFigures) -> str:
    posts = f"{every.posts.get(ALL, 0):,} posts were counted"
    share = every.share
    if share is None:
        return f"{posts}, none of them about the election."
    election, both = every.posts[ELECTION], every.posts.get(BOTH, 0)
    return (
        f"{posts}, {election:,} of them about the election. Of these {both:,} speak of deepfakes, too: "
        f" <strong>{percent(share.value or both / election)}</strong>, with 95 % confidence "
        f"{interval(share)}."
    )


def _table(report: Report) -> Iterator[str]:
    languages = report.figures.languages
    listed = [one for one in languages if len(one.posts) > 1 or one.language in (EVERY, UNDETECTED)]
    found = {tag for one in languages for tag in one.posts}
    tags = [tag for tag in _FIRST_TAGS if tag in found] + sorted(found.difference(_FIRST_TAGS))
    yield "<h2>Languages</h2>"
    head = [
        "language",
        *("posts" if tag == ALL else tag for tag in tags),
        "share",
        "95 % interval",
        "too late",
    ]
    rows = (_table_row(one, tags) for one in listed)
    yield _rows(head, rows)
    silent = [one for one in languages if one not in listed]
    if silent:
        posts = sum(one.posts.get(ALL, 0) for one in silent)
        yield f'<p class="note">And {len(silent)} more with {posts:,} posts, none of which carries a tag.</p>'


def _table_row(one: LanguageFigures, tags: Iterable[str]) -> list[str]:
    share = one.share
    told = ["–", "–"]
    if share is not None:
        told = [percent(share.value or one.posts.get(BOTH, 0) / one.posts[ELECTION]), interval(share)]
    posts = (f"{one.posts.get(tag, 0):,}" for tag in tags)
    return [language_name(one.language), *posts, *told, f"{one.late:,}"]


def _rows(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    heads = "".join(f'<th scope="col">{safe(cell)}</th>' for cell in head)
    lines = []
    for first, *cells in rows:
        others = "".join(f"<td>{safe(cell)}</td>" for cell in cells)
        lines.append(f'<tr><th scope="row">{safe(first)}</th>{others}</tr>')
    body = "".join(lines)
    table = f"<table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>"
    return f'<div class="wide" tabindex="0">{table}</div>'


def _charts(report: Report) -> Iterator[str]:
    figures = report.figures
    charted = charts.charted(figures)
    if not charted:
        return
    top = charts.top_share(charted)
    yield "<h2>The share over time</h2>"
    yield (
        '<p class="note">Above, the share with its 95 % Wilson interval: few posts, wide band, and a change '
        "within it says nothing. All languages have one scale, and a band that goes beyond it is cut off. "
        'Below, <span class="key" style="background:var(--posts)"></span> posts about the election and '
        '<span class="key" style="background:var(--both)"></span> those that speak of deepfakes, too, each '
        "language on a scale of its own. Pale: not final. A triangle is a burst.</p>"
    )
    for one in charted:
        bursts = [burst for burst in figures.bursts if burst.language == one.language]
        yield f"<figure><h3>{safe(language_name(one.language))}</h3>"
        told = share_text(one.share, one.posts.get(BOTH, 0), one.posts.get(ELECTION, 0))
        yield f'<p class="note">{safe(told)}</p>'
        yield f'<div class="wide" tabindex="0">{charts.chart(one, bursts, figures.period, top)}</div>'
        yield f"{terms_line(report.terms.get(one.language, []))}</figure>"
    left = sum(1 for one in figures.languages if one.posts.get(ELECTION)) - len(charted)
    if left:
        yield f'<p class="note">The table has {left} more with posts about the election.</p>'
