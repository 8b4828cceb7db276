"""What a report stands on: coverage and method. Pure."""

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from sandik.figures.shares import percent
from sandik.lexicon_tools.measured import OneMeasured
from sandik.report.document import Method, Report
from sandik.report.tag_names import counted_how
from sandik.report.wording import duration, safe

_TALLY = {
    "counted": "counted",
    "late": "too late to be counted",
    "rejected": "rejected: no posts",
    "duplicate": "counted before",
    "ignored": "edits and deletions, which are not counted",
}


def coverage(report: Report) -> Iterator[str]:
    """Yield what the figures rest on."""
    found, period = report.figures.coverage, report.figures.period
    read = found.counted + found.late
    steps = len(period.starts_ms)
    yield "<h2>Coverage</h2>"
    yield _facts(
        [
            ("Counted", f"{found.counted:,} posts"),
            (
                "Too late",
                f"{found.late:,} posts{_of(found.late, read)} came after their window was settled",
            ),
            ("Language undetected", f"{found.undetected:,} posts{_of(found.undetected, found.counted)}"),
            ("Not final", f"{found.current:,} posts are of windows that may still grow"),
            ("Without a post", f"{found.empty_steps:,} of {steps:,} steps"),
            ("With a tag", "not looked at" if report.mentions is None else f"{report.mentions:,} posts"),
            ("Everything that the run has read", _tally(report)),
        ]
    )


def _of(part: int, whole: int) -> str:
    return f" ({percent(part / whole)})" if whole else ""


def _tally(report: Report) -> str:
    if report.tally is None:
        return "not known: these counts have no manifest, and are not live counts"
    values = msgspec.structs.asdict(report.tally)
    told = ", ".join(
        f"{values[name]:,} {words}" for name, words in _TALLY.items() if values[name] or name != "ignored"
    )
    return f"{sum(values.values()):,} records, at any time: {told}"


def method(report: Report) -> Iterator[str]:
    """Yield how it was counted, so that somebody else can do it again."""
    how = report.method
    yield "<h2>Method</h2>"
    yield f"<p>{safe(counted_how(report.figures.pair))}</p>"
    yield _facts([*_facts_of(how), ("This report", f"{how.reported_by}; all times UTC")])
    if how.posts and how.posts["topic"]:
        offsets = ", ".join(f"{part}: {start}–{end}" for part, (start, end) in how.posts["offsets"].items())
        yield _facts([("Posts", f"topic {how.posts['topic']}, offsets by partition: {offsets}")])
    elif how.posts:
        files = "; ".join(f"{name}, sha256 {sha256}" for name, sha256 in how.posts["files"].items())
        yield _facts([("Posts", files)])
    if not report.texts:
        yield '<p class="note">Made without texts and without anything that leads to them or to authors.</p>'


def _facts_of(how: Method) -> Iterator[tuple[str, str]]:
    yield "Counts", how.counts if how.counts != "live" else "the live ones of the workers"
    yield "Run", how.run_id or "not known"
    for version in how.versions:
        yield "Lexicon", version.lexicon_version
        yield "How right its tags are", _rightness(how.measured.get(version.lexicon_version, ()))
        yield "Language detector", version.detector_version
    yield "Window", duration(how.window_size_ms)
    if how.rules is not None:
        yield "Disorder allowed for", duration(how.rules["max_disorder_ms"])
        yield "Lateness allowed", duration(how.rules["allowed_lateness_ms"])
        yield (
            "Counted once",
            "a repeated post in a window" if how.rules["dedupe"] else "nothing is looked for",
        )
    if how.counts_sha256:
        yield "Rows, sha256", how.counts_sha256
    if how.counted_by:
        yield "Counted by", ", ".join(f"{name} {version}" for name, version in how.counted_by.items())
    if how.again:
        yield "Count again", how.again


def _rightness(measured: Sequence[OneMeasured]) -> str:
    """Return the figures of a lexicon in words, so that nobody takes a count for a census."""
    if not measured:
        return "not measured: sandik has figures of another lexicon only"
    told = "; ".join(
        f"{one.tag}, {one.language}, {one.kind}: "
        f"{_share(one.precision, one.precision_low, one.precision_high)} of the tagged posts are about it, "
        f"{_share(one.recall, one.recall_low, one.recall_high)} of those about it are found"
        for one in measured
        if one.tagged and one.about
    )
    return f"Measured on held-out posts, with 95 % bounds. {told}"


def _share(share: float, low: float, high: float) -> str:
    return f"{percent(share)} ({percent(low)} to {percent(high)})"


def _facts(facts: Iterable[tuple[str, str]]) -> str:
    rows = "".join(
        f'<tr><th scope="row">{safe(name)}</th><td>{safe(value)}</td></tr>' for name, value in facts
    )
    return f'<div><table class="facts"><tbody>{rows}</tbody></table></div>'
