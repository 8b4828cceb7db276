"""`make eval-terms`: how many attested forms the lexicon finds, and how many of its matches are right.

Post by post: precision and recall on judged posts (judged.py), by language, kind of source and half.
Form by form: of the forms in $SANDIK_TEST_DATA/term_forms whose lemma the lexicon has, those that it finds.
Match by match: of the posts that carried a tag once and were labelled by reading (tests/quality/labels),
those that are about it. Writes docs/terms.json, docs/terms.md, the figures in README.md, and
streams/sandik/lexicon/measured.json, which ships with the lexicon for readers of counts.
"""

import csv
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

import msgspec

from sandik.counting.job import Job
from sandik.counting.tags import Tagger
from sandik.counting.tags.alphabet import fold
from sandik.counting.tags.boundaries import Refusal
from sandik.counting.tags.lexicon import expand, read_lexicon
from sandik.figures.interval import wilson
from sandik.run_identity import load_job
from sandik.settings import Settings
from tests.quality.judged import Judged, judged
from tests.quality.post_level import Figure, figures
from tests.quality.posts import DATA, EARTHQUAKE, WITHOUT_DATA, Label, SourcedPost, labels, posts

#: file -> its language, and the columns of lemma and form.
FORM_FILES = {
    "ru_opencorpora_paradigms.tsv": ("ru", "lemma", "form"),
    "tr_hunspell_forms.tsv": ("tr", "stem", "form"),
    "tr_ud_gold_lemma_forms.tsv": ("tr", "gold_lemma", "form"),
    "tr_unimorph_rows.tsv": ("tr", "lemma", "form"),
}
_BATCH = 1_000


class Recall(msgspec.Struct):
    """Of the forms of one file whose lemma the lexicon has, those it finds.

    By lemma: `missed` are those it does not; `left_out` those it is told to leave out (`without`), because
    they are also another word's. The latter are not among `forms`.
    """

    file: str
    language: str
    forms: int
    found: int
    missed: dict[str, list[str]]
    left_out: dict[str, list[str]]

    @property
    def recall(self) -> float:
        return self.found / self.forms if self.forms else 1.0


class Precision(msgspec.Struct):
    """Of the labelled posts that carry a tag, those that are about it. `low`..`high`: Wilson's 95 %.

    `unlabelled` posts of the same files and language carry the tag, too. `lost` are labelled as about the
    tag, and do not carry it.
    """

    language: str
    tag: str
    labelled: int
    right: int
    precision: float
    low: float
    high: float
    unlabelled: int
    lost: int
    wrong_by_lemma: dict[str, int]


class LemmaInTheEarthquake(msgspec.Struct):
    """How many posts of the earthquake week carry a term of this lemma, and what labels say of them."""

    tag: str
    lemma: str
    posts: int
    right: int
    wrong: int


class Quality(msgspec.Struct):
    """All that `make eval-terms` measures."""

    lexicon_version: str
    detector_version: str
    post_level: list[Figure]
    recall: list[Recall]
    precision: list[Precision]
    earthquake_posts: int
    earthquake: list[LemmaInTheEarthquake]


class Tagged(msgspec.Struct, frozen=True):
    """A post that carries tags: by tag, the lemmas of its terms."""

    post: SourcedPost
    lemmas: dict[str, tuple[str, ...]]


def recalls(tagger: Tagger) -> list[Recall]:
    """Return the recall on every file of forms."""
    without = _left_out()
    result = []
    for file, (language, lemma_column, form_column) in FORM_FILES.items():
        with (DATA / "term_forms" / file).open(encoding="utf-8", newline="") as lines:
            rows = list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))
        one = Recall(file, language, 0, 0, {}, {})
        for lemma, form in sorted({(row[lemma_column], row[form_column]) for row in rows}):
            patterns = without.get((language, fold(lemma)))
            if patterns is None:
                continue  # not a word of the lexicon
            found = is_found(tagger, form, language)
            if not found and any(fnmatchcase(form, pattern) for pattern in patterns):
                one.left_out.setdefault(lemma, []).append(form)
                continue
            one.forms += 1
            one.found += found
            if not found:
                one.missed.setdefault(lemma, []).append(form)
        result.append(one)
    return result


def _left_out() -> dict[tuple[str, str], set[str]]:
    """Return language and folded lemma, or another spelling of it -> the patterns of what is left out."""
    without: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for rows in read_lexicon(None).rows.values():
        for row in (located.row for located in rows if not located.is_trap):
            for spelling in (row.lemma, *row.spellings):
                for word in expand(spelling):
                    without[row.language, fold(word)].update(row.without)
    return without


def is_found(tagger: Tagger, form: str, language: str) -> bool:
    """Say whether a term stands in the form: one that counts, or would in company."""
    return any(
        verdict.refusal in (None, Refusal.ALONE, Refusal.CONDITION) and not verdict.hit.entry.is_trap
        for verdict in tagger.verdicts(form, language)
    )


def tagged(job: Job, sourced: Iterable[SourcedPost]) -> Iterator[Tagged]:
    """Yield the posts that carry a tag."""
    for batch in _batches(sourced):
        for post, annotation in zip(batch, job.annotate([post.text for post in batch]), strict=True):
            if annotation.tags:
                lemmas: dict[str, tuple[str, ...]] = {}
                for term in annotation.terms:
                    lemmas[term.tag] = (*lemmas.get(term.tag, ()), term.term)
                yield Tagged(post, lemmas)


def precisions(found: Sequence[Tagged], labelled: Sequence[Label]) -> list[Precision]:
    """Return the precision of each language and tag with labels. `found`: the tagged posts of all files."""
    lemmas = {
        (one.post.file, one.post.row_id, tag): names for one in found for tag, names in one.lemmas.items()
    }
    carrying = Counter((one.post.language, tag) for one in found for tag in one.lemmas)
    by_tag: defaultdict[tuple[str, str], list[Label]] = defaultdict(list)
    for label in labelled:
        by_tag[label.language, label.tag].append(label)
    result = []
    for (language, tag), group in sorted(by_tag.items()):
        carried = [label for label in group if (label.file, label.row_id, tag) in lemmas]
        right = sum(label.is_about for label in carried)
        wrong = Counter(lemmas[label.file, label.row_id, tag][0] for label in carried if not label.is_about)
        low, high = wilson(right, len(carried))
        lost = sum(label.is_about for label in group) - right
        result.append(
            Precision(
                language,
                tag,
                len(carried),
                right,
                round(right / len(carried), 4) if carried else 1.0,
                round(low, 4),
                round(high, 4),
                max(carrying[language, tag] - len(carried), 0),
                lost,
                dict(wrong.most_common()),
            )
        )
    return result


def earthquake(found: Sequence[Tagged], labelled: Sequence[Label]) -> list[LemmaInTheEarthquake]:
    """Return every lemma that matches in the posts of the earthquake week: most posts first."""
    judged = {(label.row_id, label.tag): label.is_about for label in labelled if label.file == EARTHQUAKE}
    by_lemma: defaultdict[tuple[str, str], list[bool | None]] = defaultdict(list)
    for one in found:
        if one.post.file == EARTHQUAKE:
            for tag, names in one.lemmas.items():
                for lemma in set(names):
                    by_lemma[tag, lemma].append(judged.get((one.post.row_id, tag)))
    rows = [
        LemmaInTheEarthquake(tag, lemma, len(said), said.count(True), said.count(False))
        for (tag, lemma), said in by_lemma.items()
    ]
    return sorted(rows, key=lambda row: (-row.posts, row.tag, row.lemma))


def tags_of(job: Job, sample: Sequence[Judged]) -> dict[str, tuple[str, ...]]:
    """Return the tags of each post whose text is at hand, by its id."""
    at_hand = [(one.id, one.text) for one in sample if one.text is not None]
    answers = job.annotate([text for _, text in at_hand])
    return {post_id: tuple(answer.tags) for (post_id, _), answer in zip(at_hand, answers, strict=True)}


def measure() -> Quality:
    """Measure everything. Takes a minute: it annotates all posts there are."""
    job = load_job(Settings())
    labelled, sample = list(labels()), judged()
    all_posts = list(posts())
    found = list(tagged(job, all_posts))
    return Quality(
        job.tagger.version,
        job.detector.version,
        figures(sample, tags_of(job, sample)),
        recalls(job.tagger),
        precisions(found, labelled),
        sum(post.file == EARTHQUAKE for post in all_posts),
        earthquake(found, labelled),
    )


def _batches(sourced: Iterable[SourcedPost]) -> Iterator[list[SourcedPost]]:
    batch: list[SourcedPost] = []
    for post in sourced:
        batch.append(post)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def main() -> int:
    """Measure, and write all that tells of it."""
    from tests.quality import readme
    from tests.quality.terms_report import as_markdown, told_to_readers

    if not DATA.is_dir():
        sys.stderr.write(f"{WITHOUT_DATA}\n")
        return 2
    quality = measure()
    root = Path(__file__).parents[2]
    docs = root / "docs"
    (docs / "terms.json").write_bytes(msgspec.json.format(msgspec.json.encode(quality), indent=2) + b"\n")
    report = as_markdown(quality)
    (docs / "terms.md").write_text(report, "utf-8")
    (root / "streams" / "sandik" / "lexicon" / "measured.json").write_bytes(told_to_readers(quality))
    readme.write()
    sys.stdout.write(report)
    return 0


if __name__ == "__main__":
    sys.exit(main())
