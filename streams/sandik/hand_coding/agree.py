"""`sandik agree`: agreement of coders, and accuracy of the tags."""

import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

import msgspec

from sandik.errors import UsageError
from sandik.figures import corrected
from sandik.figures.corrected import Accuracy, CodedStratum, Estimate, Rightness
from sandik.figures.rollup import EVERY
from sandik.figures.shares import with_interval
from sandik.files.atomic import check_free, new_file
from sandik.hand_coding.agreement import Figure, alpha, kappa
from sandik.hand_coding.design import Design, load_design
from sandik.hand_coding.sheets import Codes, read_codes
from sandik.printing import print_json
from sandik.progress import tell
from sandik.tables.aligned import aligned
from sandik_schemas.languages import languages_in

#: A language with fewer coded posts is not reported separately.
_FEWEST_OF_LANGUAGE = 20


class AgreeOrder(NamedTuple):
    """The options: the design, and a table of each coder."""

    design: Path
    coders: tuple[Path, ...]
    out: Path | None = None
    force: bool = False


class TagAgreement(msgspec.Struct, frozen=True):
    """The agreement on a tag: of all coders (alpha), and of each two (kappa), by file names."""

    tag: str
    alpha: Figure
    kappa: dict[str, Figure]


class Agreed(msgspec.Struct, frozen=True):
    """The output of `sandik agree --json`. `undecided` items lack a majority on some tag, or a code."""

    items: int
    undecided: int
    agreement: list[TagAgreement]
    rightness: list[Rightness]


def run_agree(order: AgreeOrder, *, json: bool) -> int:
    """Print agreement and accuracy; write the corrections for counts.

    Raises:
        UsageError: a file is not of the sample, or a code is invalid.
    """
    design = load_design(order.design)
    if order.out:
        check_free([order.out], replaces=order.force)
    coders = {_name(path, order.coders): codes_of(path, design) for path in order.coders}
    accuracy = accuracy_of(design, list(coders.values()))
    coded = sum(one.coded for one in accuracy.strata)
    items = len(design.strata_of_items)
    found = Agreed(items, items - coded, _agreement(design, coders), rightness_of(accuracy))
    if order.out:
        with new_file(order.out, replaces=order.force) as new:
            new.write_bytes(msgspec.json.format(msgspec.json.encode(accuracy), indent=1) + b"\n")
    if json:
        print_json(found)
        return 0
    _print(found)
    if order.out:
        sys.stdout.write(f"{order.out}\n")
    return 0


def _name(path: Path, paths: Sequence[Path]) -> str:
    return path.stem if [one.stem for one in paths].count(path.stem) == 1 else str(path)


def codes_of(path: Path, design: Design) -> Codes:
    """Return the codes in a coder's table. UsageError if an item is not in the design."""
    codes, known = read_codes(path, design.tags, design.ids), design.strata_of_items
    if foreign := sorted(codes.keys() - known.keys()):
        raise UsageError(f"{path}: item {foreign[0]} is not in the sample of this design")
    return codes


def accuracy_of(design: Design, coders: Sequence[Codes]) -> Accuracy:
    """Return the majority's codes of each stratum.

    An item without a majority on some tag counts as not coded, so that all tags are judged by the same items.
    """
    strata = []
    for one in design.strata:
        about: Counter[str] = Counter()
        for item in one.items:
            kind = _majority(item, design.tags, coders)
            if kind is not None:
                about[kind] += 1
        strata.append(
            CodedStratum(
                one.language, one.source, one.kind, one.posts, about.total(), dict(sorted(about.items()))
            )
        )
    return Accuracy(
        corrected.SCHEMA_VERSION,
        design.lexicon_version,
        design.detector_version,
        design.tags,
        design.pairs,
        len(coders),
        strata,
    )


def _majority(item: str, tags: Sequence[str], coders: Sequence[Codes]) -> str | None:
    """Return the tags that an item should have, joined by `+`; None without a majority."""
    found = []
    for tag in tags:
        codes = [codes[item][tag] for codes in coders if item in codes]
        yes, no = codes.count(True), codes.count(False)
        if yes == no:
            return None
        if yes > no:
            found.append(tag)
    return "+".join(sorted(found))


def _agreement(design: Design, coders: dict[str, Codes]) -> list[TagAgreement]:
    items = sorted(design.strata_of_items)
    if len(coders) < 2:
        return []
    found = []
    for tag in design.tags:
        of = {
            name: [codes[item][tag] if item in codes else None for item in items]
            for name, codes in coders.items()
        }
        rows = list(zip(*of.values(), strict=True))
        pairs = {f"{one} / {other}": kappa(of[one], of[other]) for one, other in combinations(of, 2)}
        found.append(TagAgreement(tag, alpha(rows), pairs))
    return found


def rightness_of(accuracy: Accuracy) -> list[Rightness]:
    """Return precision and recall of each tag and pair: in all languages, and in each with enough posts."""
    tags = (*accuracy.tags, *(pair.name for pair in accuracy.pairs))
    coded: Counter[str] = Counter()
    for one in accuracy.strata:
        coded.update(dict.fromkeys(languages_in(one.language), one.coded))
    languages = [language for language, posts in coded.most_common() if posts >= _FEWEST_OF_LANGUAGE]
    return [
        accuracy.of(language).rightness(language, tag) for tag in tags for language in (EVERY, *languages)
    ]


def _print(found: Agreed) -> None:
    if found.agreement:
        told = [
            (one.tag, name, _figure(figure), figure.items)
            for one in found.agreement
            for name, figure in {"alpha": one.alpha, **one.kappa}.items()
        ]
        _write("Agreement of coders", aligned(("tag", "measure", "value (95 %)", "items"), told))
    shares = [
        (one.tag, one.language, _share(one.precision), _share(one.recall), one.coded, one.coded_about)
        for one in found.rightness
    ]
    head = "tag", "language", "precision", "recall", "coded", "about it"
    _write("Tags, weighted to all posts", aligned(head, shares))
    tell(f"{found.items:,} items, {found.undecided:,} of them without a majority or not coded")


def _write(title: str, lines: Iterable[str]) -> None:
    sys.stdout.writelines(f"{line}\n" for line in (title, *lines, ""))


def _figure(figure: Figure) -> str:
    if figure.value is None:
        return "not defined"
    return (
        f"{figure.value:.2f}"
        if figure.low is None
        else f"{figure.value:.2f} ({figure.low:.2f} to {figure.high:.2f})"
    )


def _share(share: Estimate | None) -> str:
    return "–" if share is None else with_interval(share.value, share.low, share.high)
