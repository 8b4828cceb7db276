"""A report -> one HTML file: no script, no link, nothing to load, the same bytes every time. Pure."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from sandik.counting.fold import ALL
from sandik.figures.rollup import EVERY
from sandik.figures.shares import percent
from sandik.kafka.pairs_in_force import in_order
from sandik.report import charts, highlights, method, tag_names
from sandik.report.document import Report
from sandik.report.highlights import terms_line
from sandik.report.series import UNDETECTED, Figures, LanguageFigures
from sandik.report.wording import duration, interval, language_name, safe, share_text, span
from sandik_schemas.pair import Pair

_CSS = Path(__file__).with_name("page.css")
#: A browser that is handed this file fetches nothing and runs nothing, whatever stands in a post.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def page(report: Report) -> bytes:
    """Return the file. What came from posts is text in it, never markup."""
    period = report.figures.period
    title = f"{tag_names.title(report.figures.pair)}, {span(period.from_ms, period.to_ms)} UTC"
    parts = [
        '<!doctype html><html lang="en"><head><meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{safe(title)}</title><style>{_CSS.read_text('utf-8')}</style></head><body><main>",
        *_head(report),
        *_table(report),
        *_charts(report),
        *highlights.bursts(report),
        *method.coverage(report),
        *method.method(report),
        "</main></body></html>",
    ]
    return ("\n".join(parts) + "\n").encode("utf-8", "replace")


def _head(report: Report) -> Iterator[str]:
    period = report.figures.period
    yield f"<h1>{safe(tag_names.heading(report.figures.pair))}</h1>"
    yield f"<p>{span(period.from_ms, period.to_ms)} UTC, in steps of {duration(period.step_ms)}</p>"
    every = next((one for one in report.figures.languages if one.language == EVERY), None)
    if every is None:
        yield '<p class="lead">No posts were counted in this period.</p>'
    else:
        yield f'<p class="lead">{_lead(every, report.figures.pair)}</p>'
        yield from _corrected_lead(report)
    for notice in report.notices:
        yield f'<p class="notice">{safe(notice)}</p>'


def _lead(every: LanguageFigures, pair: Pair | None) -> str:
    posts = f"{every.posts.get(ALL, 0):,} posts were counted"
    if pair is None:
        tags = [tag for tag in every.posts if tag != ALL]
        told = " and ".join(f"{every.posts[tag]:,} {tag_names.about(tag)}" for tag in tags)
        return safe(f"{posts}, {told or 'none of them with a tag'}.")
    share = every.share
    if share is None:
        return safe(f"{posts}, none of them {tag_names.about(pair.base)}.")
    base, both = every.posts[pair.base], every.posts.get(pair.name, 0)
    return (
        f"{posts}, {base:,} of them {safe(tag_names.about(pair.base))}. "
        f"Of these {both:,} {safe(tag_names.too(pair))}: "
        f" <strong>{percent(share.value or both / base)}</strong>, with 95 % confidence "
        f"{interval(share)}."
    )


def _corrected_lead(report: Report) -> Iterator[str]:
    """Yield the figure again, as a coded sample corrects it."""
    found, pair = (report.corrected or {}).get(EVERY), report.figures.pair
    if found is None or pair is None:
        return
    if found.share is None:
        yield '<p class="note">The coded sample does not say how wrong the tags make this share.</p>'
        return
    yield (
        "<p>Corrected for errors of the tags, with posts that people have read: "
        f"<strong>{percent(found.share.value)}</strong>, with 95 % confidence {interval(found.share)}.</p>"
    )


def _table(report: Report) -> Iterator[str]:
    languages = report.figures.languages
    listed = [one for one in languages if len(one.posts) > 1 or one.language in (EVERY, UNDETECTED)]
    found = {tag for one in languages for tag in one.posts}
    tags, pair = in_order(found, report.figures.pairs), report.figures.pair
    yield "<h2>Languages</h2>"
    head = [
        "language",
        *("posts" if tag == ALL else tag for tag in tags),
        *([f"{pair.base} of all", "share", "95 % interval"] if pair else []),
        *(["corrected", "95 % interval"] if report.corrected is not None else []),
        "too late",
    ]
    rows = (_table_row(one, tags, report) for one in listed)
    yield _rows(head, rows)
    silent = [one for one in languages if one not in listed]
    if silent:
        posts = sum(one.posts.get(ALL, 0) for one in silent)
        yield f'<p class="note">And {len(silent)} more with {posts:,} posts, none of which carries a tag.</p>'


def _table_row(one: LanguageFigures, tags: Iterable[str], report: Report) -> list[str]:
    share, pair = one.share, report.figures.pair
    told = ["–", "–"] if pair else []
    if pair and share is not None:
        told = [percent(share.value or one.posts.get(pair.name, 0) / one.posts[pair.base]), interval(share)]
    if pair:
        of_all = one.posts.get(pair.base, 0) / one.posts[ALL] if one.posts.get(ALL) else None
        told.insert(0, "–" if of_all is None else percent(of_all))
    if report.corrected is not None:
        corrected = report.corrected[one.language].share
        told += ["–", "–"] if corrected is None else [percent(corrected.value), interval(corrected)]
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
    yield f"<h2>{'The share' if figures.pair else 'Posts'} over time</h2>"
    yield _key(figures)
    for one in charted:
        bursts = [burst for burst in figures.bursts if burst.language == one.language]
        yield f"<figure><h3>{safe(language_name(one.language))}</h3>"
        told = share_text(one.share, one.posts, figures.pair, figures.base)
        yield f'<p class="note">{safe(told)}</p>'
        yield f'<div class="wide" tabindex="0">{charts.chart(one, bursts, figures, top)}</div>'
        yield f"{terms_line(report.terms.get(one.language, []), figures.pair)}</figure>"
    left = sum(1 for one in figures.languages if one.posts.get(figures.base or "")) - len(charted)
    if left:
        about = safe(tag_names.about(figures.base))
        yield f'<p class="note">The table has {left} more with posts {about}.</p>'


def _key(figures: Figures) -> str:
    about = safe(tag_names.about(figures.base))
    base = f'<span class="key" style="background:var(--posts)"></span> posts {about}'
    rest = "each language on a scale of its own. Pale: not final. A triangle is a burst.</p>"
    if figures.pair is None:
        return f'<p class="note">{base}, {rest}'
    return (
        '<p class="note">Above, the share with its 95 % Wilson interval: few posts, wide band, and a change '
        "within it says nothing. All languages have one scale, and a band that goes beyond it is cut off. "
        f'Below, {base} and <span class="key" style="background:var(--both)"></span> those that '
        f"{safe(tag_names.too(figures.pair))}, {rest}"
    )
