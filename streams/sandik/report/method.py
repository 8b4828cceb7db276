"""Coverage and method of a report. Pure."""

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from sandik.lexicon_tools.measured import OneMeasured
from sandik.report.document import Method, Report
from sandik.report.words import Words, safe

_Fact = tuple[str, str]


def coverage(report: Report, words: Words) -> Iterator[str]:
    """Yield the coverage: which posts the figures are based on."""
    say, number = words.say, words.number
    found, period = report.figures.coverage, report.figures.period
    late = _part(found.late, found.counted + found.late, words)
    undetected = _part(found.undetected, found.counted, words)
    steps = number(len(period.starts_ms))
    tagged = (
        say("tagged_unknown") if report.mentions is None else say("counted_posts", n=number(report.mentions))
    )
    yield f"<h2>{safe(say('coverage'))}</h2>"
    yield _facts(
        [
            (say("counted"), say("counted_posts", n=number(found.counted))),
            (say("late"), say("late_posts", n=number(found.late), part=late)),
            (say("undetected"), say("undetected_posts", n=number(found.undetected), part=undetected)),
            (say("current"), say("current_posts", n=number(found.current))),
            (say("empty"), say("empty_steps", n=number(found.empty_steps), steps=steps)),
            (say("tagged"), tagged),
            (say("all_read"), _tally(report, words)),
        ]
    )


def _part(part: int, whole: int, words: Words) -> str:
    return words.say("part", share=words.share(part / whole)) if whole else ""


def _tally(report: Report, words: Words) -> str:
    if report.tally is None:
        return words.say("tally_unknown")
    values = msgspec.structs.asdict(report.tally)
    told = [
        words.say(f"tally_{name}", n=words.number(count))
        for name, count in values.items()
        if count or name != "ignored"
    ]
    return words.say("tally", n=words.number(sum(values.values())), told=", ".join(told))


def method(report: Report, words: Words) -> Iterator[str]:
    """Yield the method, so that others can repeat the count."""
    how, say = report.method, words.say
    yield f"<h2>{safe(say('method'))}</h2>"
    yield f"<p>{safe(words.counted_how(report.figures.pair))}</p>"
    yield _facts([*_facts_of(how, words), (say("this_report"), say("reported_by", software=how.reported_by))])
    if how.posts and how.posts["topic"]:
        offsets = ", ".join(f"{part}: {start}–{end}" for part, (start, end) in how.posts["offsets"].items())
        yield _facts([(say("posts"), say("offsets", topic=how.posts["topic"], offsets=offsets))])
    elif how.posts:
        files = "; ".join(f"{name}, sha256 {sha256}" for name, sha256 in how.posts["files"].items())
        yield _facts([(say("posts"), files)])
    if not report.texts:
        yield f'<p class="note">{safe(say("without_texts"))}</p>'


def _facts_of(how: Method, words: Words) -> Iterator[_Fact]:
    say = words.say
    yield say("counts"), how.counts if how.counts != "live" else say("counts_live")
    yield say("run"), how.run_id or say("unknown")
    for version in how.versions:
        yield say("lexicon"), version.lexicon_version
        yield say("rightness"), _rightness(how.measured.get(version.lexicon_version, ()), words)
        yield say("detector"), version.detector_version
    yield say("window"), words.duration(how.window_size_ms)
    if how.rules is not None:
        yield say("disorder"), words.duration(how.rules["max_disorder_ms"])
        yield say("lateness"), words.duration(how.rules["allowed_lateness_ms"])
        yield say("once"), say("once_on" if how.rules["dedupe"] else "once_off")
    if how.counts_sha256:
        yield say("rows_sha256"), how.counts_sha256
    if how.counted_by:
        yield say("counted_by"), ", ".join(f"{name} {version}" for name, version in how.counted_by.items())
    if how.again:
        yield say("again"), how.again


def _rightness(measured: Sequence[OneMeasured], words: Words) -> str:
    """Return the measured precision and recall of a lexicon as text."""
    if not measured:
        return words.say("unmeasured")
    told = "; ".join(
        words.say(
            "measured_one",
            tag=words.column(one.tag),
            language=words.language(one.language),
            kind=one.kind,
            precision=_share(one.precision, one.precision_low, one.precision_high, words),
            recall=_share(one.recall, one.recall_low, one.recall_high, words),
        )
        for one in measured
        if one.is_telling
    )
    return words.say("measured", told=told)


def _share(share: float, low: float, high: float, words: Words) -> str:
    return words.say("bounds", share=words.share(share), low=words.share(low), high=words.share(high))


def _facts(facts: Iterable[_Fact]) -> str:
    rows = "".join(
        f'<tr><th scope="row">{safe(name)}</th><td>{safe(value)}</td></tr>' for name, value in facts
    )
    return f'<div><table class="facts"><tbody>{rows}</tbody></table></div>'
