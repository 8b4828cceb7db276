"""Write docs/terms.md, and the figures that ship with the lexicon, from what `make eval-terms` measured."""

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from sandik.lexicon_tools.measured import Measured, OneMeasured
from tests.quality.post_level import Figure
from tests.quality.terms import LemmaInTheEarthquake, Precision, Quality, Recall

_TITLE = """\
# How good the lexicon is

`make eval-terms` wrote this page and `docs/terms.json`. Do not edit it: run the command again. Lexicon
`{}`, detector `{}`.

The goals, for Turkish, Russian and English: 90 % precision for the election, 95 % precision for
deepfakes, 85 % recall on judged posts, and 98 % recall on attested forms.
"""
_POST_LEVEL = """
## Judged posts

Each post was read before the lexicon ran on it, and judged: is it about an election? Is it about doctored
media? Real posts were drawn with a seed, among those that had the tag at that time and those that a wide
net of words caught without it (`tests/quality/draw.py`). Each drawn post counts for as many posts as it
stands for. Of the authored posts, four in ten only look as if they were about the topic.
*authored 2* are oblique on purpose, by who wrote the rules, but before: half of those about an election
name no word of one. *authored 3* are what a reader meets, written before a rule was read; decision 051
has what was found then, and its writer has mended rules since. *authored 4* to *11* are what a
reader meets, by writers who never saw a rule: they say best what to expect on new posts. No rule is
written on their held-out posts, but the thresholds of models were chosen by these (but
*authored 11*) and by real posts, and terms were written for the development halves of *authored 4* and
*5*. Each of *authored 9* to *11* was asked first when all else was done. After *authored 11* only the
most that a word may weigh was set, by the other posts. *archives* are all posts of the archives
(295,000, few of them about deepfakes) that an earlier version tagged as deepfake: there each wrong tag
shows. Nobody looked there for posts that lack the tag, so their recall only says what was lost since.

- *Precision*: the share of posts with the tag that are about it.
- *Recall*: the share of posts about it, among those in the net, that have the tag.
- In brackets: the 95 % Wilson interval, and the number of posts.
- *Held out*: the half of each sample on whose texts no rule was written. It is not blind: some election
  rules were mended after its figures showed an error, and deepfake rules were written on three quarters
  of the authored posts, some of them held out. Expect slightly lower figures on new posts.
- *Development*: the other half.
"""
_RECALL = """
## Recall on attested forms

Other people's word lists (`term_forms` of the test data) contain inflected forms of lemmas that the
lexicon has. A form is `found` if the lexicon finds a term in it, even one that counts only beside another
term. The lexicon leaves out some forms on purpose, because they also belong to another word: `left out`.
A program made hunspell's list, so it contains forms that nobody writes, and forms of other words (oyuyor,
from oymak, to carve).
"""
_PRECISION = """
## Precision of the matches that the lexicon was made on

Posts drawn at random among those that had the tag when they were drawn, and labelled by reading
(`tests/quality/labels` has their ids and labels, not their texts, which have no licence for publication
here).

- `interval`: the 95 % Wilson interval.
- `unlabelled`: posts of the same language that have the tag and no label.
- `lost`: posts labelled as about the topic that do not have the tag now.

Traps were written after these posts were read: expect lower precision on posts that nobody has read.
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
    yield "\nWrong posts by their first lemma:\n"
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
