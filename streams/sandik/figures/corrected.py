"""Shares corrected for errors of the tags, by a coded sample. Pure.

The estimator is Rogan and Gladen's: it computes the share of relevant posts from the share of tagged posts,
sensitivity and specificity. The interval comes from joint draws of everything uncertain: the shares of
relevant posts in each class of the sample (accuracy of the tags), and the tagged posts of the period
(chance). docs/decisions/034-corrected-share.md says why, and how it was tested.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property, partial
from typing import NamedTuple

import msgspec
import numpy as np

from sandik.counting.fold import ALL
from sandik.errors import UsageError
from sandik.figures.rollup import EVERY
from sandik.figures.statistics import Floats
from sandik_schemas.languages import is_of
from sandik_schemas.pair import Pair

SCHEMA_VERSION = 1
_DRAWS = 2_000
#: Of RandomState, because its numbers never change with the version of numpy.
_POSTS_SEED, _CODES_SEED = 34, 35
#: Effective size if all posts were coded: no uncertainty.
_SURE = 1e9


class CodedStratum(msgspec.Struct, frozen=True):
    """A stratum of `posts`, of which `coded` were coded. `about`: true tags -> number of posts.

    `kind` has the tags of the posts, joined by `+`; for posts without a tag, the kind of the stratum. "" in
    `about` means no tag.
    """

    language: str
    source: str
    kind: str
    posts: int
    coded: int
    about: dict[str, int]


class Estimate(msgspec.Struct, frozen=True):
    """A share and its 95 % interval."""

    value: float
    low: float
    high: float


class Rightness(msgspec.Struct, frozen=True):
    """Precision and recall of a tag, weighted to all posts; None if there are no coded posts for it.

    Of the `coded` posts, `coded_about` are about it, and `coded_tagged` have the tag.
    """

    language: str
    tag: str
    precision: Estimate | None
    recall: Estimate | None
    coded: int
    coded_tagged: int
    coded_about: int


class Accuracy(msgspec.Struct, frozen=True, dict=True):
    """The file written by `sandik agree`: the coded sample, and the rules that tagged its posts."""

    schema_version: int
    lexicon_version: str
    detector_version: str
    tags: tuple[str, ...]
    pairs: tuple[Pair, ...]
    coders: int
    strata: list[CodedStratum]

    def check(self, versions: Iterable[tuple[str, str]]) -> None:
        """Raise UsageError unless these are the lexicon and the detector of the coded sample."""
        own = self.lexicon_version, self.detector_version
        if others := sorted(set(versions) - {own}):
            raise UsageError(
                f"the coded sample is of {' and '.join(own)}, but the counts are of "
                f"{' and '.join(others[0])}, so it cannot correct them. Draw and code a sample by the rules "
                "of the counts, or replay by the rules of the sample"
            )

    @cached_property
    def _of_language(self) -> dict[str, "Sample"]:
        return {}

    def of(self, language: str) -> "Sample":
        """Return the coded sample of a language, `*` for all."""
        known = self._of_language
        if language not in known:
            strata = [one for one in self.strata if language == EVERY or is_of(one.language, language)]
            known[language] = Sample(strata, self.pairs)
        return known[language]


class _Side(NamedTuple):
    """The prior counts for drawing shares: for the first outcome, and for each of the others.

    Half a post each is Jeffreys' prior. With several classes and a rare outcome, it would put the lower bound
    above the truth, so the lower bound is drawn without prior counts for its outcome.
    """

    first: float
    others: float

    def prior(self, outcomes: int) -> Floats:
        """Return it as numbers, one an outcome."""
        return np.array([self.first, *[self.others] * (outcomes - 1)], np.float64)


_EVEN = _Side(0.5, 0.5)
#: For the lower bound, and for the upper bound.
_SIDES = (_Side(0.0, 0.5), _EVEN)


class _Class(NamedTuple):
    """Strata of one kind: number of posts, shares by true tags, and their precision.

    `effective`: the size of a simple sample with the same precision.
    """

    tags: frozenset[str]
    posts: int
    coded: int
    about: dict[frozenset[str], float]
    effective: float

    def outcomes(self, tests: Sequence[Callable[[frozenset[str]], bool]]) -> list[float]:
        """Return the shares that pass the first test, else the next, and so on; the last one passes none."""
        shares = [0.0] * (len(tests) + 1)
        for tags, share in self.about.items():
            place = next((number for number, test in enumerate(tests) if test(tags)), len(tests))
            shares[place] += share
        return shares


class Sample:
    """The coded posts of some strata, and the estimates from them."""

    def __init__(self, strata: Sequence[CodedStratum], pairs: tuple[Pair, ...]) -> None:
        self._strata = strata
        self._pairs = {pair.name: pair for pair in pairs}
        kinds = sorted({one.kind for one in strata if one.posts})
        self._classes = [_class([one for one in strata if one.kind == kind]) for kind in kinds]
        self._known: dict[tuple[str, _Side], tuple[Floats, Floats]] = {}

    @property
    def is_whole(self) -> bool:
        """Return whether every class has coded posts, so that all posts are represented."""
        return bool(self._classes) and all(one.coded for one in self._classes)

    def rightness(self, language: str, tag: str) -> Rightness:
        """Return precision and recall of a tag, or of a pair."""
        coded = [
            (_tags(one.kind), _tags(kind), count) for one in self._strata for kind, count in one.about.items()
        ]
        tagged = sum(count for has, _, count in coded if self._holds(tag, has))
        about = sum(count for _, should, count in coded if self._holds(tag, should))
        precision = recall = None
        if tagged:
            precision = self._precision(tag)
        if about and self.is_whole:
            recall = self._recall(tag)
        total = sum(count for _, _, count in coded)
        return Rightness(language, tag, precision, recall, total, tagged, about)

    def share(self, tag: str, count: int, total: int) -> Estimate | None:
        """Return the share of `total` posts about the tag, if `count` of them have it.

        None if the sample has no coded posts of some class, or none about the tag.
        """
        if not total or not self.is_whole:
            return None
        plain = float(_rogan_gladen(np.array(count / total), *self._rates(tag)))
        if not np.isfinite(plain):
            return None
        tagged = _drawn([count, total - count], _EVEN, _POSTS_SEED)[:, 0]
        return _estimate(plain, *(_rogan_gladen(tagged, *self._drawn_rates(tag, side)) for side in _SIDES))

    def share_of(self, pair: Pair, posts: Mapping[str, int]) -> Estimate | None:
        """Return the share of posts about the whole pair among posts about its base.

        `posts` by tag, with `all`. None if the sample does not suffice.
        """
        total, base, both = (posts.get(tag, 0) for tag in (ALL, pair.base, pair.name))
        if not base or not self.is_whole:
            return None
        plain_base, plain_both = (
            float(_rogan_gladen(np.array(count / total), *self._rates(tag)))
            for tag, count in ((pair.base, base), (pair.name, both))
        )
        if not np.isfinite([plain_base, plain_both]).all() or not plain_base:
            return None
        tagged = _drawn([both, base - both, total - base], _EVEN, _POSTS_SEED)
        drawn = []
        for side in _SIDES:
            found = self._draws((pair.name, pair.base), side)
            base_rates = self._sensitivity_and_specificity(
                pair.base, [one[:, :2].sum(axis=1) for one in found]
            )
            both_rates = self._sensitivity_and_specificity(pair.name, [one[:, 0] for one in found])
            of = _rogan_gladen(tagged[:, :2].sum(axis=1), *base_rates)
            with np.errstate(divide="ignore", invalid="ignore"):
                drawn.append(np.minimum(1, _rogan_gladen(tagged[:, 0], *both_rates) / of))
        return _estimate(min(1.0, plain_both / plain_base), *drawn)

    def _holds(self, tag: str, tags: frozenset[str]) -> bool:
        pair = self._pairs.get(tag)
        return pair.holds(tuple(tags)) if pair else tag in tags

    def _about(self, tag: str) -> list[Floats]:
        """Return the share of each class that is about the tag."""
        return [np.array(sum(one.outcomes([partial(self._holds, tag)])[:1])) for one in self._classes]

    def _rates(self, tag: str) -> tuple[Floats, Floats]:
        return self._sensitivity_and_specificity(tag, self._about(tag))

    def _drawn_rates(self, tag: str, side: "_Side") -> tuple[Floats, Floats]:
        known = self._known
        if (tag, side) not in known:
            found = [one[:, 0] for one in self._draws((tag,), side)]
            known[tag, side] = self._sensitivity_and_specificity(tag, found)
        return known[tag, side]

    def _draws(self, tags: tuple[str, ...], side: "_Side") -> list[Floats]:
        """Return draws of the shares of each class about the first tag, else the second, or none."""
        tests = [partial(self._holds, tag) for tag in tags]
        return [
            _drawn([share * one.effective for share in one.outcomes(tests)], side, _CODES_SEED + number)
            for number, one in enumerate(self._classes)
        ]

    def _sensitivity_and_specificity(self, tag: str, about: Sequence[Floats]) -> tuple[Floats, Floats]:
        right = [one.posts * share for one, share in zip(self._classes, about, strict=True)]
        wrong = [one.posts * (1 - share) for one, share in zip(self._classes, about, strict=True)]
        has = self._has(tag)
        with np.errstate(divide="ignore", invalid="ignore"):
            return _sum(right, has) / _sum(right), 1 - _sum(wrong, has) / _sum(wrong)

    def _has(self, tag: str) -> list[bool]:
        """Return for each class whether its posts have the tag."""
        return [self._holds(tag, one.tags) for one in self._classes]

    def _precision(self, tag: str) -> Estimate:
        has = [carries and one.coded > 0 for one, carries in zip(self._classes, self._has(tag), strict=True)]
        posts = sum(one.posts for one, is_in in zip(self._classes, has, strict=True) if is_in)

        def of(about: Sequence[Floats]) -> Floats:
            right = [one.posts * share for one, share in zip(self._classes, about, strict=True)]
            return _sum(right, has) / posts

        drawn = [of([one[:, 0] for one in self._draws((tag,), side)]) for side in _SIDES]
        return _estimate(float(of(self._about(tag))), *drawn)

    def _recall(self, tag: str) -> Estimate:
        # More missed posts mean a lower recall, so the sides are reversed.
        found = (self._drawn_rates(tag, side)[0] for side in reversed(_SIDES))
        return _estimate(float(self._rates(tag)[0]), *found)


def _class(strata: Sequence[CodedStratum]) -> _Class:
    """Return strata as one class. Uncoded posts are assumed to be like coded ones."""
    coded = [one for one in strata if one.coded]
    posts = sum(one.posts for one in coded)
    about: dict[frozenset[str], float] = {}
    for one in coded:
        for kind, count in one.about.items():
            tags = _tags(kind)
            about[tags] = about.get(tags, 0.0) + one.posts / posts * count / one.coded
    # The variance of a weighted share, relative to a simple sample of one post.
    variance = sum((one.posts / posts) ** 2 * (1 - one.coded / one.posts) / one.coded for one in coded)
    effective = min(_SURE, 1 / variance) if variance else _SURE
    return _Class(
        _tags(strata[0].kind),
        sum(one.posts for one in strata),
        sum(one.coded for one in strata),
        about,
        effective if coded else 0.0,
    )


def _tags(kind: str) -> frozenset[str]:
    """Return the tags of a kind of posts; "near-miss" and "rest" have none."""
    return frozenset(kind.split("+")) - {"", "near-miss", "rest"}


def _sum(parts: Sequence[Floats], chosen: Iterable[bool] | None = None) -> Floats:
    taken = parts if chosen is None else [part for part, is_in in zip(parts, chosen, strict=True) if is_in]
    return np.asarray(sum(taken, np.array(0.0)))


def _drawn(counts: Sequence[float], side: "_Side", seed: int) -> Floats:
    """Return draws of the shares behind the counts, one column each."""
    shapes = np.array(counts, np.float64) + side.prior(len(counts))
    gammas = np.random.RandomState(seed).standard_gamma(shapes, size=(_DRAWS, len(counts)))
    return np.asarray(gammas / gammas.sum(axis=1, keepdims=True))


def _rogan_gladen(tagged: Floats, sensitivity: Floats, specificity: Floats) -> Floats:
    """Return the share of relevant posts; NaN if the tags are no better than chance."""
    better = sensitivity + specificity - 1
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.clip((tagged + specificity - 1) / better, 0, 1)
    return np.asarray(np.where(better > 0, share, np.nan))


def _estimate(value: float, lower: Floats, upper: Floats) -> Estimate:
    """Return the value with its bounds, each from its own draws. An undefined draw may have any value."""
    low = np.percentile(np.nan_to_num(lower, nan=0.0), 2.5)
    high = np.percentile(np.nan_to_num(upper, nan=1.0), 97.5)
    return Estimate(round(value, 6), round(min(value, float(low)), 6), round(max(value, float(high)), 6))
