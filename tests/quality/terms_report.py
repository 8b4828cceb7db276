"""docs/terms.md and what else tells of it, out of what `make eval-terms` measured."""

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from sandik.lexicon_tools.measured import Measured, OneMeasured
from tests.quality.post_level import Figure
from tests.quality.terms import LemmaInTheEarthquake, Precision, Quality, Recall

_TITLE = """\
# How good the lexicon is

Made by `make eval-terms`, with `docs/terms.json`. Do not edit: run it again. Lexicon `{}`, detector
`{}`.

Goals: of judged posts, precision 90 % for the election and 95 % for deepfakes, and recall 85 %, in Turkish,
Russian and English; of attested forms, recall 98 %.
"""
_POST_LEVEL = """
## Post by post

Posts that were judged by reading before any run: does it speak of an election, of doctored media? Real ones
were drawn with a seed among those that carried the tag then and those that a wide net of words caught
without it (`tests/quality/draw.py`), each counted for as many posts as it stands for; of authored ones, four
in ten only look like it. *Precision*: of those that carry the tag, the right ones. *Recall*: of those in the
net that are about it, the ones that carry it. In brackets, Wilson's interval at 95 % and posts. Half of each
sample is *held out*: no rule was written on its texts. But it is not blind: some election rules were mended
when its figures told of an error, and deepfake rules were written on three quarters of the authored posts,
some of these included. So expect somewhat less of posts of such a kind. *Development* is the other half.
"""
_RECALL = """
## Recall on attested forms

Of the forms of every lemma that the lexicon has, in lists that others made (`term_forms` of the test data),
those in which it finds a term: one that counts, or that would beside another. `left out` are forms that the
lexicon is told to leave out, because they are also another word's. hunspell's list is a program's: it has
forms that nobody writes, and some of another word (oyuyor, from oymak, to carve).
"""
_PRECISION = """
## Precision of the matches it was made on

Posts drawn at random among those that carried the tag when they were drawn, labelled by reading
(`tests/quality/labels`: ids and labels; the texts have no licence to be here). `interval` is Wilson's at
95 %; `unlabelled` posts of the same language carry the tag, too; `lost` are labelled as about the tag, and do
not carry it (any more). Traps were written after reading: expect less on posts that nobody has read.
"""
_EARTHQUAKE = """
## Posts that should not match

Every match in {:,} Turkish posts of February 2023, the week of the earthquake.
"""
GOAL_LANGUAGES = ("tr", "ru", "en")


def as_markdown(quality: Quality) -> str:
    """Return the report."""
    return "\n".join(
        (
            _TITLE.format(quality.lexicon_version, quality.detector_version).rstrip("\n"),
            _POST_LEVEL,
            *post_level(quality.post_level),
            _RECALL,
            *_recalls(quality.recall),
            _PRECISION,
            *_precisions(quality.precision),
            _EARTHQUAKE.format(quality.earthquake_posts),
            *_earthquake(quality.earthquake),
            "",
        )
    )


def post_level(figures: Sequence[Figure]) -> Iterator[str]:
    """Yield the table of judged posts, both halves."""
    by_key: dict[tuple[str, str, str], dict[bool, Figure]] = {}
    for one in figures:
        by_key.setdefault((one.tag, one.language, one.kind), {})[one.is_held_out] = one
    heading = ("precision, held out", "recall, held out", "precision, development", "recall, development")
    yield from _table(
        ("tag", "language", "posts", *heading),
        (
            (*key, *_cells(halves.get(True)), *_cells(halves.get(False)))
            for key, halves in sorted(by_key.items(), key=lambda item: _order(item[0]))
        ),
    )


def _order(key: tuple[str, str, str]) -> tuple[bool, bool, tuple[str, str, str]]:
    """Tell what comes first: the election, and the languages with goals."""
    return key[0] != "election", key[1] not in GOAL_LANGUAGES, key


def _cells(one: Figure | None) -> tuple[str, str]:
    if one is None:
        return "", ""
    precision = _share(one.precision, one.precision_low, one.precision_high, one.right, one.tagged)
    return precision, _share(one.recall, one.recall_low, one.recall_high, one.right, one.about)


def _share(share: float, low: float, high: float, right: int, total: int) -> str:
    return f"{share:.0%} ({low:.0%} to {high:.0%}; {right} of {total})" if total else "none"


def told_to_readers(quality: Quality) -> bytes:
    """Return what ships with the lexicon: the held-out figures, for who reads counts of this lexicon."""
    told = Measured(
        quality.lexicon_version,
        quality.detector_version,
        tuple(
            msgspec.convert(one, OneMeasured, from_attributes=True)
            for one in quality.post_level
            if one.is_held_out
        ),
    )
    return msgspec.json.format(msgspec.json.encode(told), indent=2) + b"\n"


def _recalls(recalls: Sequence[Recall]) -> Iterator[str]:
    yield from _table(
        ("file", "language", "forms", "found", "recall", "left out"),
        (
            (one.file, one.language, one.forms, one.found, f"{one.recall:.1%}", _count(one.left_out))
            for one in recalls
        ),
    )
    for one in recalls:
        for title, forms_by_lemma in (("Missed", one.missed), ("Left out", one.left_out)):
            if forms_by_lemma:
                yield f"\n{title} in {one.file}:\n"
                for lemma, forms in sorted(forms_by_lemma.items()):
                    yield f"- {lemma}: {', '.join(forms)}"


def _precisions(precisions: Sequence[Precision]) -> Iterator[str]:
    yield from _table(
        ("language", "tag", "labelled", "right", "precision", "interval", "unlabelled", "lost"),
        (
            (
                one.language,
                one.tag,
                one.labelled,
                one.right,
                f"{one.precision:.1%}" if one.labelled else "",
                f"{one.low:.1%} to {one.high:.1%}" if one.labelled else "",
                one.unlabelled,
                one.lost,
            )
            for one in precisions
        ),
    )
    yield "\nThe first lemma of the wrong ones:\n"
    for one in precisions:
        if one.wrong_by_lemma:
            named = ", ".join(f"{lemma} {count}" for lemma, count in one.wrong_by_lemma.items())
            yield f"- {one.language} {one.tag}: {named}"


def _earthquake(lemmas: Sequence[LemmaInTheEarthquake]) -> Iterator[str]:
    return _table(
        ("tag", "lemma", "posts", "right", "wrong", "unlabelled"),
        (
            (one.tag, one.lemma, one.posts, one.right, one.wrong, one.posts - one.right - one.wrong)
            for one in lemmas
        ),
    )


def _count(forms_by_lemma: dict[str, list[str]]) -> int:
    return sum(map(len, forms_by_lemma.values()))


def _table(heading: Sequence[str], rows: Iterable[tuple[object, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(heading)} |"
    yield f"|{'---|' * len(heading)}"
    for row in rows:
        yield f"| {' | '.join(map(str, row))} |"
