"""`make eval-terms`: how many attested forms the lexicon finds, and how many of its matches are right.

Recall: of the forms in $SANDIK_TEST_DATA/term_forms whose lemma the lexicon has, those that it finds.
Precision: of the posts that carry a tag and were labelled by reading (tests/quality/labels), those that are
about it. Writes docs/terms.json and docs/terms.md.
"""

import csv
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from math import sqrt
from pathlib import Path

import msgspec

from streams.flow import Job
from streams.run import load_job
from streams.settings import Settings
from streams.steps.tags import Tagger
from streams.steps.tags.boundaries import Refusal
from streams.steps.tags.fold import fold
from streams.steps.tags.lexicon import expand, read_lexicon
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
        verdict.refusal in (None, Refusal.ALONE) and not verdict.hit.entry.is_trap
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
                low,
                high,
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


def wilson(right: int, total: int) -> tuple[float, float]:
    """Return the bounds of Wilson's interval at 95 %: what the precision may be, for so few labels."""
    if not total:
        return 0.0, 1.0
    z = 1.96
    share = right / total
    middle = share + z * z / (2 * total)
    half = z * sqrt(share * (1 - share) / total + z * z / (4 * total * total))
    scale = 1 + z * z / total
    return round((middle - half) / scale, 4), round((middle + half) / scale, 4)


def measure() -> Quality:
    """Measure everything. Takes a minute: it annotates all posts there are."""
    job = load_job(Settings())
    labelled = list(labels())
    all_posts = list(posts())
    found = list(tagged(job, all_posts))
    return Quality(
        job.tagger.version,
        job.detector.version,
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
    """Measure, and write docs/terms.json and docs/terms.md."""
    from tests.quality.terms_report import as_markdown

    if not DATA.is_dir():
        sys.stderr.write(f"{WITHOUT_DATA}\n")
        return 2
    quality = measure()
    docs = Path(__file__).parents[2] / "docs"
    (docs / "terms.json").write_bytes(msgspec.json.format(msgspec.json.encode(quality), indent=2) + b"\n")
    report = as_markdown(quality)
    (docs / "terms.md").write_text(report, "utf-8")
    sys.stdout.write(report)
    return 0


if __name__ == "__main__":
    sys.exit(main())
