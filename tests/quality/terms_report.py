"""docs/terms.md, out of what `make eval-terms` measured."""

from collections.abc import Iterable, Iterator, Sequence

from tests.quality.terms import LemmaInTheEarthquake, Precision, Quality, Recall

_TITLE = """\
# How good the lexicon is

Made by `make eval-terms`, with `docs/terms.json`. Do not edit: run it again. Lexicon `{}`, detector
`{}`.

Goals: recall of attested forms 98 %, precision 95 % for each tag in Turkish, Russian and English.
"""
_RECALL = """
## Recall on attested forms

Of the forms of every lemma that the lexicon has, in lists that others made (`term_forms` of the test data),
those in which it finds a term: one that counts, or that would beside another. `left out` are forms that the
lexicon is told to leave out, because they are also another word's. hunspell's list is a program's: it has
forms that nobody writes, and some of another word (oyuyor, from oymak, to carve).
"""
_PRECISION = """
## Precision on real posts

Posts drawn at random among those that carried the tag when they were drawn, labelled by reading
(`tests/quality/labels`: ids and labels; the texts have no licence to be here). `interval` is Wilson's at
95 %; `unlabelled` posts of the same language carry the tag, too; `lost` are labelled as about the tag, and do
not carry it (any more). Traps were written after reading: expect less on posts that nobody has read.
"""
_EARTHQUAKE = """
## Posts that should not match

Every match in {:,} Turkish posts of February 2023, the week of the earthquake.
"""


def as_markdown(quality: Quality) -> str:
    """Return the report."""
    return "\n".join(
        (
            _TITLE.format(quality.lexicon_version, quality.detector_version).rstrip("\n"),
            _RECALL,
            *_recalls(quality.recall),
            _PRECISION,
            *_precisions(quality.precision),
            _EARTHQUAKE.format(quality.earthquake_posts),
            *_earthquake(quality.earthquake),
            "",
        )
    )


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
