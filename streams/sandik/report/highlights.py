"""The bursts of a report as HTML, with terms and posts. Pure."""

from collections.abc import Iterable, Iterator, Sequence

from sandik.figures.examples import TopTerm
from sandik.report.bursts import Burst
from sandik.report.document import Report
from sandik.report.evidence import BurstEvidence, ExamplePost
from sandik.report.words import Words, safe
from sandik_schemas.mention import Term
from sandik_schemas.pair import Pair

#: The largest are shown; `--json` has all.
MOST_BURSTS = 30
#: Characters of a text that are shown.
_MOST_CHARACTERS = 1_000


def bursts(report: Report, words: Words) -> Iterator[str]:
    """Yield the bursts: when, how many posts, terms and posts."""
    found = report.figures.bursts
    yield f"<h2>{safe(words.say('bursts'))}</h2>"
    yield f'<p class="note">{safe(words.say("bursts_note"))}</p>'
    if not found:
        yield f"<p>{safe(words.say('bursts_none'))}</p>"
    if report.figures.peak is not None:
        name = words.say("peak", name=_name(report.figures.peak, report, words))
        yield from _burst(name, report.figures.peak, report, report.evidence[:1], words)
    largest = sorted(range(len(found)), key=lambda number: (-found[number].posts, number))[:MOST_BURSTS]
    for number in sorted(largest):
        evidence = report.evidence[number : number + 1]
        yield from _burst(_name(found[number], report, words), found[number], report, evidence, words)
    if len(found) > MOST_BURSTS:
        told = words.say("bursts_more", n=words.number(len(found) - MOST_BURSTS))
        yield f'<p class="note">{safe(told)}</p>'


def _name(burst: Burst, report: Report, words: Words) -> str:
    # Of a step that the period cuts, only what is inside was counted.
    period = report.figures.period
    span = words.span(max(burst.start_ms, period.from_ms), min(burst.end_ms, period.to_ms))
    return words.say("burst", language=words.language(burst.language), tag=words.column(burst.tag), span=span)


def _burst(
    name: str, burst: Burst, report: Report, evidence: Sequence[BurstEvidence], words: Words
) -> Iterator[str]:
    pair = report.figures.pair
    yield f"<h3>{safe(name)}</h3><p>{safe(_posts(burst, report.figures.period.step_ms, words))}</p>"
    for one in evidence:
        yield terms_line(one.terms, pair, words)
        yield from (_post(post, pair, words) for post in one.posts)


def _posts(burst: Burst, step_ms: int, words: Words) -> str:
    steps = (burst.end_ms - burst.start_ms) // step_ms
    return words.say(
        "burst_one" if steps == 1 else "burst_steps",
        posts=words.number(burst.posts),
        steps=words.number(steps),
        usual=words.number(float(burst.usual)),
    )


def _post(post: ExamplePost, pair: Pair | None, words: Words) -> str:
    place = words.say("place", partition=post.source_partition, offset=post.source_offset)
    foot = safe(f"{words.when(post.created_at_ms)} UTC · {f'{post.id} · ' if post.id else ''}{place}")
    text = ""
    if post.text is not None:
        text = f'<p dir="auto">{marked(post.text, post.terms, pair)}</p>'
    elif post.id is not None:
        text = f'<p class="note">{safe(words.say("text_gone"))}</p>'
    return f"<blockquote>{text}<footer>{foot}</footer></blockquote>"


def terms_line(terms: Sequence[TopTerm], pair: Pair | None, words: Words) -> str:
    """Return the terms with how many posts use them."""
    if not terms:
        return ""
    found = " ".join(
        f'<span><mark class="{_class(one.tag, pair)}">{safe(one.term)}</mark> '
        f"<b>{words.number(one.posts)}</b></span>"
        for one in terms
    )
    return f'<p class="terms">{found}</p>'


def marked(text: str, terms: Iterable[Term], pair: Pair | None) -> str:
    """Return the beginning of a text as HTML with marked terms; of overlapping terms, the first."""
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
