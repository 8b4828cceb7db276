"""The bursts of a report, with their terms and posts. Pure."""

from collections.abc import Iterable, Iterator, Sequence

from sandik.figures.examples import TopTerm
from sandik.report.bursts import Burst
from sandik.report.document import Report
from sandik.report.evidence import BurstEvidence, ExamplePost
from sandik.report.wording import language_name, safe, span, when
from sandik_schemas.mention import Term
from sandik_schemas.pair import Pair

#: The largest are shown; `--json` has all.
MOST_BURSTS = 30
#: Characters of a text that are shown.
_MOST_CHARACTERS = 1_000


def bursts(report: Report) -> Iterator[str]:
    """Yield the bursts: when, how many posts, terms and posts."""
    found, step_ms, pair = report.figures.bursts, report.figures.period.step_ms, report.figures.pair
    yield "<h2>Bursts</h2>"
    yield (
        '<p class="note">Steps with at least 5 posts that stand 4 deviations above the median of the 30 '
        "steps before, all as square roots. The first 10 steps after the counts begin can have none. A hint "
        "where to look, no proof of anything.</p>"
    )
    if not found:
        yield "<p>None in this period.</p>"
    if report.figures.peak is not None:
        yield from _burst("Highest step, no burst: ", report.figures.peak, step_ms, report.evidence[:1], pair)
    largest = sorted(range(len(found)), key=lambda number: (-found[number].posts, number))[:MOST_BURSTS]
    for number in sorted(largest):
        yield from _burst("", found[number], step_ms, report.evidence[number : number + 1], pair)
    if len(found) > MOST_BURSTS:
        yield f'<p class="note">And {len(found) - MOST_BURSTS} smaller ones.</p>'


def _burst(
    before: str, burst: Burst, step_ms: int, evidence: Sequence[BurstEvidence], pair: Pair | None
) -> Iterator[str]:
    name = f"{language_name(burst.language)}, {burst.tag}, {span(burst.start_ms, burst.end_ms)}"
    yield f"<h3>{safe(before + name)}</h3><p>{_posts(burst, step_ms)}</p>"
    for one in evidence:
        yield terms_line(one.terms, pair)
        yield from (_post(post, pair) for post in one.posts)


def _posts(burst: Burst, step_ms: int) -> str:
    steps = (burst.end_ms - burst.start_ms) // step_ms
    inside = "one step" if steps == 1 else f"{steps} steps"
    return f"{burst.posts:,} posts in {inside}; {burst.usual:g} a step are usual."


def _post(post: ExamplePost, pair: Pair | None) -> str:
    place = f"partition {post.source_partition}, offset {post.source_offset}"
    foot = safe(f"{when(post.created_at_ms)} UTC · {f'{post.id} · ' if post.id else ''}{place}")
    text = ""
    if post.text is not None:
        text = f'<p dir="auto">{marked(post.text, post.terms, pair)}</p>'
    elif post.id is not None:
        text = '<p class="note">The text is not available.</p>'
    return f"<blockquote>{text}<footer>{foot}</footer></blockquote>"


def terms_line(terms: Sequence[TopTerm], pair: Pair | None) -> str:
    """Return the terms with how many posts use them."""
    if not terms:
        return ""
    found = " ".join(
        f'<span><mark class="{_class(one.tag, pair)}">{safe(one.term)}</mark> <b>{one.posts:,}</b></span>'
        for one in terms
    )
    return f'<p class="terms">{found}</p>'


def marked(text: str, terms: Iterable[Term], pair: Pair | None) -> str:
    """Return the beginning of a text as HTML, its terms marked; of overlapping ones the first."""
    parts, at = [], 0
    end = min(len(text), _MOST_CHARACTERS)
    for term in sorted(terms, key=lambda one: (one.start, -one.end)):
        if at <= term.start < term.end <= end:
            inside = safe(text[term.start : term.end])
            before = safe(text[at : term.start])
            parts.append(f'{before}<mark class="{_class(term.tag, pair)}">{inside}</mark>')
            at = term.end
    rest = safe(text[at:end])
    return "".join(parts) + rest + ("…" if end < len(text) else "")


def _class(tag: str, pair: Pair | None) -> str:
    if pair is None or tag not in pair.of:
        return "tag-other"
    return "tag-base" if tag == pair.base else "tag-with"
