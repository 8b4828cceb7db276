"""The parts of a report after its charts: bursts with their posts, coverage, method. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from html import escape

import msgspec

from schemas.mention import Term
from streams.dashboard.examples import TopTerm
from streams.report.evidence import BurstEvidence, ExamplePost
from streams.report.figures import Burst
from streams.report.report import Method, Report
from streams.report.wording import duration, language_name, percent, span, when

#: The largest are shown; `--json` has all.
MOST_BURSTS = 30
#: Characters of a text that are shown.
_MOST_CHARACTERS = 1_000
_TALLY = {
    "counted": "counted",
    "late": "too late to be counted",
    "rejected": "rejected: no posts",
    "duplicate": "counted before",
    "ignored": "edits and deletions, which are not counted",
}
_CONTROLS = dict.fromkeys({*range(32), *range(127, 160)} - {9, 10}, "�")


def bursts(report: Report) -> Iterator[str]:
    """Yield the bursts: when, how many posts, terms and posts."""
    found = report.figures.bursts
    yield "<h2>Bursts</h2>"
    yield (
        '<p class="note">Steps with at least 5 posts that stand 4 deviations above the median of the 30 '
        "steps before, all as square roots. The first 10 steps after the counts begin can have none. A hint "
        "where to look, no proof of anything.</p>"
    )
    if not found:
        yield "<p>None in this time.</p>"
    if report.figures.peak is not None:
        yield from _burst("The highest step, which is no burst: ", report.figures.peak, report.evidence[:1])
    largest = sorted(range(len(found)), key=lambda number: (-found[number].posts, number))[:MOST_BURSTS]
    for number in sorted(largest):
        yield from _burst("", found[number], report.evidence[number : number + 1])
    if len(found) > MOST_BURSTS:
        yield f'<p class="note">And {len(found) - MOST_BURSTS} smaller ones.</p>'


def _burst(before: str, burst: Burst, evidence: Sequence[BurstEvidence]) -> Iterator[str]:
    name = f"{language_name(burst.language)}, {burst.tag}: {span(burst.start_ms, burst.end_ms)}"
    yield f"<h3>{escape(before + name)}</h3><p>{burst.posts:,} posts; {burst.usual:g} a step are usual.</p>"
    for one in evidence:
        yield terms_line(one.terms)
        yield from map(_post, one.posts)


def _post(post: ExamplePost) -> str:
    place = f"partition {post.source_partition}, offset {post.source_offset}"
    foot = escape(_plain(f"{when(post.created_at_ms)} UTC · {f'{post.id} · ' if post.id else ''}{place}"))
    text = ""
    if post.text is not None:
        text = f'<p dir="auto">{marked(post.text, post.terms)}</p>'
    elif post.id is not None:
        text = '<p class="note">The text is not to be had.</p>'
    return f"<blockquote>{text}<footer>{foot}</footer></blockquote>"


def terms_line(terms: Sequence[TopTerm]) -> str:
    """Return the terms with how many posts use them."""
    if not terms:
        return ""
    shown = " ".join(
        f'<span><mark class="{_class(one.tag)}">{escape(_plain(one.term))}</mark> <b>{one.posts:,}</b></span>'
        for one in terms
    )
    return f'<p class="terms">{shown}</p>'


def marked(text: str, terms: Iterable[Term]) -> str:
    """Return the beginning of a text as HTML, its terms marked; of overlapping ones the first."""
    parts, at = [], 0
    end = min(len(text), _MOST_CHARACTERS)
    for term in sorted(terms, key=lambda one: (one.start, -one.end)):
        if at <= term.start < term.end <= end:
            inside = escape(_plain(text[term.start : term.end]))
            before = escape(_plain(text[at : term.start]))
            parts.append(f'{before}<mark class="{_class(term.tag)}">{inside}</mark>')
            at = term.end
    rest = escape(_plain(text[at:end]))
    return "".join(parts) + rest + ("…" if end < len(text) else "")


def _plain(text: str) -> str:
    """Return the text without control characters, which HTML does not allow, as long as before."""
    return text.translate(_CONTROLS)


def _class(tag: str) -> str:
    return tag if tag in ("election", "deepfake") else "other"


def coverage(report: Report) -> Iterator[str]:
    """Yield what the figures rest on."""
    found, period = report.figures.coverage, report.figures.period
    read = found.counted + found.late
    steps = len(period.starts_ms)
    yield "<h2>Coverage</h2>"
    yield _facts(
        [
            ("Counted", f"{found.counted:,} posts"),
            ("Too late", f"{found.late:,} posts{_of(found.late, read)} came after their window was settled"),
            ("Language undetected", f"{found.undetected:,} posts{_of(found.undetected, found.counted)}"),
            ("Not final", f"{found.current:,} posts are of windows that may still grow"),
            ("Without a post", f"{found.empty_steps:,} of {steps:,} steps"),
            ("With a tag", "not looked at" if report.mentions is None else f"{report.mentions:,} posts"),
            ("All that the run has read", _tally(report)),
        ]
    )


def _of(part: int, whole: int) -> str:
    return f" ({percent(part / whole)})" if whole else ""


def _tally(report: Report) -> str:
    if report.tally is None:
        return "not known: these counts have no manifest, and are not the live ones"
    values = msgspec.structs.asdict(report.tally)
    told = ", ".join(
        f"{values[name]:,} {words}" for name, words in _TALLY.items() if values[name] or name != "ignored"
    )
    return f"{sum(values.values()):,} records, whatever their time: {told}"


def method(report: Report) -> Iterator[str]:
    """Yield how it was counted, so that somebody else can do it again."""
    how = report.method
    yield "<h2>Method</h2>"
    yield (
        "<p>A post is about the election, or speaks of deepfakes, when it holds such a term of the lexicon. "
        "The share is of the posts about the election those that do both. Posts are counted by detected "
        "language, in windows of the time at which they were written.</p>"
    )
    yield _facts([*_facts_of(how), ("This report", f"{how.reported_by}; all times UTC")])
    if how.posts and how.posts["topic"]:
        offsets = ", ".join(f"{part}: {start}–{end}" for part, (start, end) in how.posts["offsets"].items())
        yield _facts([("Posts", f"topic {how.posts['topic']}, offsets by partition: {offsets}")])
    elif how.posts:
        files = "; ".join(f"{name}, sha256 {sha256}" for name, sha256 in how.posts["files"].items())
        yield _facts([("Posts", files)])
    if not report.texts:
        yield '<p class="note">Made without texts, and without what leads to them or to their authors.</p>'


def _facts_of(how: Method) -> Iterator[tuple[str, str]]:
    yield "Counts", how.counts if how.counts != "live" else "the live ones of the workers"
    yield "Run", how.run_id or "not known"
    for version in how.versions:
        yield "Lexicon", version.lexicon_version
        yield "Language detector", version.detector_version
    yield "Window", duration(how.window_size_ms)
    if how.rules is not None:
        yield "Disorder allowed for", duration(how.rules["max_disorder_ms"])
        yield "Lateness allowed", duration(how.rules["allowed_lateness_ms"])
        yield (
            "Counted once",
            "a post that comes twice in a window" if how.rules["dedupe"] else "nothing is looked for",
        )
    if how.counts_sha256:
        yield "Rows, sha256", how.counts_sha256
    if how.counted_by:
        yield "Counted by", ", ".join(f"{name} {version}" for name, version in how.counted_by.items())
    if how.again:
        yield "Count again", how.again


def _facts(facts: Iterable[tuple[str, str]]) -> str:
    rows = "".join(
        f'<tr><th scope="row">{escape(name)}</th><td>{escape(_plain(value))}</td></tr>'
        for name, value in facts
    )
    return f'<div class="wide"><table class="facts"><tbody>{rows}</tbody></table></div>'
