"""Write docs/language.md from what `make eval-language` measured."""

from collections.abc import Iterable, Iterator

import msgspec

from sandik.lexicon_tools.measured import MeasuredDetector
from tests.quality.kinds import Share
from tests.quality.labelled import Score
from tests.quality.language import ONE_IN, RUSSIAN, TURKISH, Quality, Subject

_LANGUAGES = "tr ru en az ku uz tk tt kk uk be bg sr mk ar fa de"

_INTRODUCTION = """\
The labels come from public collections. Many labels of `llclass-tweets` name the language of the sender's
country instead of the text's (Japanese labelled as Chinese, English check-ins as Danish). `lingua-*` are
the files with which lingua's authors test it. The texts have no licence for publication here.
"""
_DETECTORS = """\
`accuracy`: the share of right answers; `und` is a wrong answer. `coverage`: the share of answers other
than `und`. `µs a post`: CPU time on one core, cleaning included, the lowest of several rounds over all
texts. The machine was busy with other work, so compare these figures only with each other.
"""
_SAMPLE = """\
`langdetect as shipped` takes milliseconds per text, so it was asked about one text in {} (chosen by a
hash of the text). The last row is the default detector on the same sample. langdetect as shipped gets the
raw text, as its users pass it, and uses random numbers: its figures differ by some tenths of a point from
seed to seed.
"""
_COST = """\
Microseconds per post, by kind of text, in one run. fastText's own code shows how busy the machine was: it
takes 26 µs on an idle machine, and neither cleans texts nor corrects answers.
"""
_CONFUSION = """\
Rows are labels. Columns are the answers of the default detector, over all texts. Most errors are single
words and pairs of words: these collections contain thousands of them, streams of posts do not.
"""
_NO_CRIMEAN_TATAR = "No text is labelled Crimean Tatar: its column shows which texts were taken for it.\n"
_KINDS = """\
Measured on the half of the texts that nothing was fitted to (chosen by a hash of the text), with 95 %
intervals. `und` is a wrong answer. Sentences come from Tatoeba, Universal Dependencies and lingua's test
files; `short and odd posts` were written for this page (`tests/quality/language_cases.jsonl`). The texts
in ASCII and in Latin letters are sentences and tweets, converted. If the answer is two languages
(`en+ur`), it is right here if one of them is the label; in the tables below it is wrong. F1 is measured
on these tweets.
"""
_RELIABILITY = """\
Each row covers the answers with a confidence from `from` up to that of the next row; `right` is their
share of right answers, on the half of the texts that nothing was fitted to. `error` is the mean distance
between confidence and share, over all answers.
"""
_HINTS = """\
Every text got a `lang_hint`. `changed, though decided` counts the answers that a hint changed although
the text alone was sure enough (0.7). All of them are replies of up to three words, and all these words
are also everyday words of the hinted language.
"""


def told_to_readers(quality: Quality) -> bytes:
    """Return what ships with the lexicon: the figures of the detector in force, for who reads its counts."""
    subject = quality.subjects[0]
    total = subject.total
    told = MeasuredDetector(subject.version, total.texts, total.accuracy, total.coverage, total.f1)
    return msgspec.json.format(msgspec.json.encode(told), indent=2) + b"\n"


def as_markdown(quality: Quality) -> str:
    """Return the report."""
    return "\n".join(_lines(quality)).rstrip() + "\n"


def _lines(quality: Quality) -> Iterator[str]:
    by_name = {one.name: one for one in quality.subjects}
    default = by_name["cascade"]
    yield "# How often the language is right\n"
    yield "`make eval-language` wrote this page and `docs/language.json`. Do not edit it: run the command"
    yield f"again. Detector `{default.version}`,"
    yield f"{default.total.texts:,} texts, {default.tweets.texts:,} of them tweets."
    yield _INTRODUCTION
    yield f"## By kind of text\n\n{_KINDS}"
    yield from _kinds(quality)
    yield f"## Detectors\n\n{_DETECTORS}"
    yield from _table(
        (
            "detector",
            "tweets",
            "other texts",
            "all",
            "coverage",
            "F1 tr, tweets",
            "F1 ru, tweets",
            "µs a post",
        ),
        (_subject(one) for one in quality.subjects),
    )
    yield _SAMPLE.format(ONE_IN)
    yield _COST
    parts = list(quality.us_per_post["cascade"])
    yield from _table(
        ("detector", *parts),
        ((name, *(cost[part] for part in parts)) for name, cost in quality.us_per_post.items()),
    )
    yield "## F1 by language, tweets\n"
    yield from _f1({one.name: one.tweets for one in quality.subjects})
    yield "## F1 by language, all texts\n"
    yield from _f1({one.name: one.total for one in quality.subjects})
    yield "## Accuracy by source\n"
    yield from _table(
        ("source", "texts", *by_name),
        (
            (source, one.texts, *(f"{each.sources[source].accuracy:.3f}" for each in by_name.values()))
            for source, one in default.sources.items()
        ),
    )
    for code, family in (("tr", TURKISH), ("ru", RUSSIAN)):
        yield f"## Confusion: {', '.join(family)}\n\n{_CONFUSION}"
        if "crh" in family:
            yield _NO_CRIMEAN_TATAR
        yield from _table(
            ("label", *family, "other"),
            ((label, *quality.confusion[code][label].values()) for label in _labelled(quality, code)),
        )
    yield f"## Reliability of the confidence\n\n{_RELIABILITY}"
    for name, bins in quality.reliability.items():
        yield f"{name[0].upper()}{name[1:]} (error {quality.calibration_error[name]:.4f}):\n"
        yield from _table(
            ("from", "answers", "confidence", "right"),
            ((one.low, one.texts, f"{one.confidence:.3f}", f"{one.accuracy:.3f}") for one in bins),
        )
    yield f"## Hints\n\n{_HINTS}"
    yield from _table(
        ("hints", "answers changed", "changed, though decided", "accuracy, tweets", "accuracy, other"),
        (
            (
                one.hints,
                one.changed,
                one.changed_decided,
                f"{one.accuracy_tweets:.4f}",
                f"{one.accuracy_other:.4f}",
            )
            for one in quality.hinted
        ),
    )


def _labelled(quality: Quality, code: str) -> list[str]:
    return [label for label, row in quality.confusion[code].items() if sum(row.values())]


def _subject(one: Subject) -> tuple[object, ...]:
    accuracies = (f"{score.accuracy:.4f}" for score in (one.tweets, one.other, one.total))
    f1 = (f"{one.tweets.f1[code]:.3f}" for code in ("tr", "ru"))
    return (one.name, *accuracies, f"{one.total.coverage:.4f}", *f1, one.us_per_post)


def _f1(scores: dict[str, Score]) -> Iterator[str]:
    known = [code for code in _LANGUAGES.split() if code in scores["cascade"].f1]
    yield from _table(
        ("detector", *known),
        ((name, *(f"{one.f1.get(code, 0):.3f}" for code in known)) for name, one in scores.items()),
    )


def _kinds(quality: Quality) -> Iterator[str]:
    names = list(quality.kinds)
    yield from _table(
        ("kind", "texts", *names),
        (
            (kind, one.texts, *(_share(quality.kinds[name][kind]) for name in names))
            for kind, one in quality.kinds["cascade"].items()
        ),
    )


def _share(one: Share) -> str:
    return f"{one.share:.4f} ({one.low:.3f} to {one.high:.3f})"


def _table(heading: Iterable[object], rows: Iterable[Iterable[object]]) -> Iterator[str]:
    names = [str(cell) for cell in heading]
    yield f"| {' | '.join(names)} |"
    yield f"|{'---|' * len(names)}"
    for row in rows:
        yield f"| {' | '.join(str(cell) for cell in row)} |"
    yield ""
