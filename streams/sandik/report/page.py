"""A report -> one HTML file without scripts, links and external files; always the same bytes. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from sandik.counting.fold import ALL
from sandik.figures.rollup import EVERY, Share
from sandik.kafka.pairs_in_force import in_order
from sandik.report import charts, highlights, method
from sandik.report.document import Report
from sandik.report.highlights import terms_line
from sandik.report.series import UNDETECTED, Figures, LanguageFigures
from sandik.report.words import ENGLISH, Words, safe
from sandik_schemas.pair import Pair

_CSS = [Path(__file__).with_name(name) for name in ("colours.css", "page.css")]
#: With this policy, a browser loads and runs nothing, whatever a post contains.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_NOTHING = "–"


def page(report: Report, words: Words = ENGLISH) -> bytes:
    """Return the file. The contents of posts are text, never markup."""
    period = report.figures.period
    span = words.span(period.from_ms, period.to_ms)
    title = words.say("title", names=words.title(report.figures.pair), span=span)
    css = "".join(file.read_text("utf-8") for file in _CSS)
    parts = [
        f'<!doctype html><html lang="{words.lang}"><head><meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{safe(title)}</title><style>{css}</style></head><body><main>",
        *_head(report, words),
        *_languages(report, words),
        *_sources(report, words),
        *_charts(report, words),
        *highlights.bursts(report, words),
        *method.coverage(report, words),
        *method.method(report, words),
        "</main></body></html>",
    ]
    return ("\n".join(parts) + "\n").encode("utf-8", "replace")


def _head(report: Report, words: Words) -> Iterator[str]:
    period = report.figures.period
    yield f"<h1>{safe(words.heading(report.figures.pair))}</h1>"
    span, step = words.span(period.from_ms, period.to_ms), words.duration(period.step_ms)
    yield f"<p>{safe(words.say('steps', span=span, step=step))}</p>"
    every = next((one for one in report.figures.languages if one.language == EVERY), None)
    if every is None:
        yield f'<p class="lead">{safe(words.say("nothing"))}</p>'
    else:
        yield f'<p class="lead">{_lead(every, report.figures.pair, words)}</p>'
        yield from _corrected_lead(report, words)
    for notice in report.notices:
        yield f'<p class="notice">{safe(notice)}</p>'


def _lead(every: LanguageFigures, pair: Pair | None, words: Words) -> str:
    posts = words.number(every.posts.get(ALL, 0))
    if pair is None:
        tags = [tag for tag in every.posts if tag != ALL]
        told = [
            words.say("lead_tag", n=words.number(every.posts[tag]), about=words.about(tag)) for tag in tags
        ]
        return safe(
            words.say("lead_none", posts=posts, told=words.listed(told) or words.say("lead_untagged"))
        )
    share = every.share
    if share is None:
        return safe(words.say("lead_no_base", posts=posts, about=words.about(pair.base)))
    base, both = every.posts[pair.base], every.posts.get(pair.name, 0)
    return words.say(
        "lead",
        posts=posts,
        base=words.number(base),
        about=safe(words.about(pair.base)),
        both=words.number(both),
        too=safe(words.too(pair)),
        share=f"<strong>{words.share(share.value or both / base)}</strong>",
        interval=words.interval(share),
    )


def _corrected_lead(report: Report, words: Words) -> Iterator[str]:
    """Yield the figure corrected by a coded sample."""
    found, pair = (report.corrected or {}).get(EVERY), report.figures.pair
    if found is None or pair is None:
        return
    if found.share is None:
        yield f'<p class="note">{safe(words.say("corrected_unknown"))}</p>'
        return
    share = f"<strong>{words.share(found.share.value)}</strong>"
    yield f"<p>{words.say('corrected', share=share, interval=words.interval(found.share))}</p>"


def _languages(report: Report, words: Words) -> Iterator[str]:
    languages, pair = report.figures.languages, report.figures.pair
    listed = [one for one in languages if len(one.posts) > 1 or one.language in (EVERY, UNDETECTED)]
    tags = in_order({tag for one in languages for tag in one.posts}, report.figures.pairs)
    yield f"<h2>{safe(words.say('languages'))}</h2>"
    corrected = ["head_corrected", "head_interval"] if report.corrected is not None else []
    head = [
        *_heads("head_language", tags, pair, words),
        *(words.say(key) for key in (*corrected, "head_late")),
    ]
    yield _rows(head, (_language_row(one, tags, report, words) for one in listed))
    silent = [one for one in languages if one not in listed]
    if silent:
        posts = words.number(sum(one.posts.get(ALL, 0) for one in silent))
        yield f'<p class="note">{safe(words.say("silent", n=words.number(len(silent)), posts=posts))}</p>'


def _heads(first: str, tags: Sequence[str], pair: Pair | None, words: Words) -> list[str]:
    shares = (
        [
            words.say("head_base", base=words.column(pair.base)),
            words.say("head_share"),
            words.say("head_interval"),
        ]
        if pair
        else []
    )
    return [
        words.say(first),
        *(words.say("head_posts") if tag == ALL else words.column(tag) for tag in tags),
        *shares,
    ]


def _language_row(one: LanguageFigures, tags: Sequence[str], report: Report, words: Words) -> list[str]:
    told = _figures(one.posts, one.share, tags, report.figures.pair, words)
    if report.corrected is not None:
        corrected = report.corrected[one.language].share
        told += (
            [_NOTHING, _NOTHING]
            if corrected is None
            else [words.share(corrected.value), words.interval(corrected)]
        )
    return [words.language(one.language), *told, words.number(one.late)]


def _figures(
    posts: dict[str, int], share: Share | None, tags: Sequence[str], pair: Pair | None, words: Words
) -> list[str]:
    """Return the cells of a row: posts by tag, the base's share of all, and the share with its interval."""
    told = [words.number(posts.get(tag, 0)) for tag in tags]
    if pair is None:
        return told
    told.append(words.share(posts.get(pair.base, 0) / posts[ALL]) if posts.get(ALL) else _NOTHING)
    if share is None:
        return [*told, _NOTHING, _NOTHING]
    both = posts.get(pair.name, 0) / posts[pair.base]
    return [*told, words.share(share.value or both), words.interval(share)]


def _sources(report: Report, words: Words) -> Iterator[str]:
    if not report.sources:
        return
    pair = report.figures.pair
    tags = in_order({tag for one in report.sources for tag in one.posts}, report.figures.pairs)
    yield f"<h2>{safe(words.say('sources'))}</h2>"
    yield f'<p class="note">{safe(words.say("sources_note"))}</p>'
    rows = ([one.source, *_figures(one.posts, one.share, tags, pair, words)] for one in report.sources)
    yield _rows(_heads("head_source", tags, pair, words), rows)


def _rows(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    heads = "".join(f'<th scope="col">{safe(cell)}</th>' for cell in head)
    lines = []
    for first, *cells in rows:
        others = "".join(f"<td>{safe(cell)}</td>" for cell in cells)
        lines.append(f'<tr><th scope="row">{safe(first)}</th>{others}</tr>')
    body = "".join(lines)
    table = f"<table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>"
    return f'<div class="wide" tabindex="0">{table}</div>'


def _charts(report: Report, words: Words) -> Iterator[str]:
    figures = report.figures
    charted = charts.charted(figures)
    if not charted:
        return
    top = charts.top_share(charted)
    yield f"<h2>{safe(words.say('over_time' if figures.pair else 'posts_over_time'))}</h2>"
    yield _key(figures, words)
    for one in charted:
        bursts = [burst for burst in figures.bursts if burst.language == one.language]
        yield f"<figure><h3>{safe(words.language(one.language))}</h3>"
        told = words.share_text(one.share, one.posts, figures.pair, figures.base)
        yield f'<p class="note">{safe(told)}</p>'
        yield f'<div class="wide" tabindex="0">{charts.chart(one, bursts, figures, top, words)}</div>'
        yield f"{terms_line(report.terms.get(one.language, []), figures.pair, words)}</figure>"
    left = sum(1 for one in figures.languages if one.posts.get(figures.base or "")) - len(charted)
    if left:
        told = words.say("more", n=words.number(left), about=words.about(figures.base))
        yield f'<p class="note">{safe(told)}</p>'


def _key(figures: Figures, words: Words) -> str:
    posts = safe(words.say("key_posts", about=words.about(figures.base)))
    base = f'<span class="key" style="background:var(--posts)"></span> {posts}'
    rest = safe(words.say("key_rest"))
    if figures.pair is None:
        return f'<p class="note">{words.say("key_alone", base=base, rest=rest)}</p>'
    both = '<span class="key" style="background:var(--both)"></span>'
    told = words.say("key", base=base, both=both, too=safe(words.too(figures.pair)), rest=rest)
    return f'<p class="note">{told}</p>'
