"""`make fit-signs`: what each sign weighs in `<tag>.<language>.signs.toml`, from posts that were judged.

A sign says little alone: *подписи*, *штаб*, *округ*. A sum of several says much (`SUM/n`, docs/lexicon.md).
Weights are those of a ridge logit by Newton's method: nothing is drawn at random, so the same posts give the
same weights. Judged are the development halves, posts written for this, and the matches labelled by reading;
of the archives, posts without the tag speak against it, and those with it, a little, for it: some are wrong.
Words of a long post count only where they stand together, so a post is fitted at its strongest place.
"""

import hashlib
import json
import re
import sys
from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from sandik.counting.tags.lexicon import load_lexicon
from sandik.counting.tags.match import Tagger
from sandik.counting.tags.query_parser import All, Weighed, parse
from sandik.counting.tags.ready import made_ready
from tests.quality.judged import judged
from tests.quality.posts import EARTHQUAKE, IRA, LABELS, LID, labels, posts, telegram_files

WRITTEN = sorted(LABELS.glob("written*.jsonl"))
LEXICON = Path(__file__).parents[2] / "streams" / "sandik" / "lexicon"
_NEAR = re.compile(r"(?<= AND )NEAR/\d+ SUM/.*(?='$)", re.MULTILINE)
#: How much a post of the archives counts that nobody judged; of which so many, one is taken.
UNJUDGED, ONE_IN = {"deepfake": 0.5, "election": 1.0}, {"election.en": 6}
RIDGE, ROUNDS = 3.0, 4
#: What one sign may weigh of what is needed: that there was voting is no election yet. In Russian the rules
#: tag most posts that have a strong sign, so what they leave needs little more.
MOST = {"deepfake": np.inf, "election": 0.85}
#: Posts of more are left out. Some sums count in still shorter ones only: longer ones speak of much at once.
CHARACTERS = 300
#: How likely a post has to be about it, as log odds: where judged posts kept a precision of 95 %, and the sum
#: alone tagged next to no post of the archives, which hardly speak of deepfakes: what is rare is drowned by
#: few wrong tags. Of elections they speak: there, eight in ten of the posts that it alone tags were right
#: when they were read.
LEAST = {
    "deepfake.ru": 2.0,
    "deepfake.tr": 2.0,
    "election.ru": 0.8,
}

Values = npt.NDArray[np.float64]


class Example(NamedTuple):
    """A post, whether it is about the tag, what it counts, where it comes from, and whether rules tag it.

    `stands_for`: for how many posts of its source.
    """

    text: str
    is_about: bool
    weight: float
    source: str
    is_tagged: bool = False
    stands_for: float = 1.0


def examples(tag: str, language: str, tagger: Tagger) -> list[Example]:
    """Return what is fitted to."""
    found = [*judged_posts(tag, language), *archive_posts(tag, language, tagger)]
    terms = tagger.terms([one.text for one in found], [language] * len(found))
    return [
        one._replace(is_tagged=any(term.tag == tag for term in some))
        for one, some in zip(found, terms, strict=True)
    ]


def judged_posts(tag: str, language: str) -> Iterator[Example]:
    """Yield the development halves, and posts that were written to be fitted to."""
    for one in judged():
        if one.language == language and not one.is_held_out and one.text and tag in one.about:
            yield Example(one.text, one.about[tag], 1.0, one.kind, stands_for=one.weight)
    written = (line for file in WRITTEN for line in file.read_text("utf-8").splitlines())
    for row in map(json.loads, written):
        if row["lang"] == language:
            yield Example(row["text"], bool(row[tag]), 1.0, "written")
    if tag == "deepfake":
        for line in (LABELS / "deepfake_posts.tsv").read_text("utf-8").splitlines():
            sign, code, text = line.split("\t", 2)
            if code == language:
                yield Example(text, sign == "+", 1.0, "written")


def archive_posts(tag: str, language: str, tagger: Tagger) -> Iterator[Example]:
    """Yield posts of the archives: about the tag if they are labelled so, else if they have it."""
    told = {(one.file, one.row_id): one.is_about for one in labels() if one.tag == tag}
    out = {one.text for one in judged()}
    found = {
        post.text: told.get((post.file, post.row_id))
        for post in posts(IRA, LID, EARTHQUAKE, *telegram_files())
        if post.language == language and post.text.strip() and post.text not in out
    }
    one_in = ONE_IN.get(f"{tag}.{language}", 1)
    texts = [
        text
        for text, label in found.items()
        if label is not None or hashlib.sha256(text.encode()).digest()[1] % one_in == 0
    ]
    terms = tagger.terms(texts, [language] * len(texts))
    for text, some in zip(texts, terms, strict=True):
        label = found[text]
        is_tagged = any(one.tag == tag for one in some)
        weight = UNJUDGED[tag] if label is None else 1.0
        yield Example(text, is_tagged if label is None else label, weight, "archives")


class Signs:
    """The sum of one file: its members, and which of them stand together in a text."""

    def __init__(self, tag: str, language: str) -> None:
        self.path = LEXICON / f"{tag}.{language}.signs.toml"
        lexicon = load_lexicon()
        [entry] = [
            one for one in lexicon.entries if "SUM/" in one.near and one.where.startswith(self.path.name)
        ]
        self.lemma, self.tagger = entry.lemma, Tagger(made_ready(lexicon))
        others = lexicon._replace(entries=tuple(one for one in lexicon.entries if one != entry))
        self.rules = Tagger(made_ready(others))
        [rank] = [
            rank
            for rank, one in enumerate(self.tagger._entries)
            if (one.tag, one.lemma) == (tag, entry.lemma)
        ]
        self._rule = self.tagger._rules[rank]
        assert isinstance(self._rule.near, All)
        _, near = self._rule.near.parts
        assert isinstance(near, Weighed)
        self.near = near
        self._numbers = {leaf: number for number, (leaf, _) in enumerate(self.near.parts)}

    def places(self, texts: Sequence[str]) -> list[Values]:
        """Return, of each text, which members stand near each place where the entry may count: 0 or 1."""
        found = [np.zeros((0, len(self._numbers)))] * len(texts)
        short = [at for at, text in enumerate(texts) if len(text) <= CHARACTERS]
        forms = self.tagger._finder.forms([texts[at] for at in short], refused=True)
        for number, some in groupby(forms, itemgetter(0)):
            scene = self.tagger._scene(texts[short[number]], [form for form in some if form[4] is None])
            rows = {
                tuple(sorted(self._numbers[leaf] for leaf, _, _ in scene.weighed(self.near, spot)))
                for spot in self._rule.hits(scene)
                if self._rule.unless is None or not scene.holds(self._rule.unless, spot)
            }
            values = np.zeros((len(rows), len(self._numbers)))
            for row, numbers in enumerate(sorted(rows)):
                values[row, list(numbers)] = 1
            found[short[number]] = values
        return found

    def write(self, weights: Values, bias: float, least: float) -> None:
        """Write what they weigh, as tenths. What weighs nothing goes."""
        tenths = np.rint(10 * weights).astype(int)
        parts = " OR ".join(
            f"{leaf}^{one}" for (leaf, _), one in zip(self.near.parts, tenths, strict=True) if one
        )
        needed = round(10 * (least - bias))
        query = re.sub(r"\{\w\w:", "{", f"NEAR/{self.near.within} SUM/{needed} ({parts})")
        parse(query, "near")
        text = self.path.read_text("utf-8")
        self.path.write_text(_NEAR.sub(lambda _: query, text), "utf-8")


def fitted(
    places: Sequence[Values],
    about: Values,
    weight: Values,
    bounds: Values,
    least: float = np.inf,
    most: float = 1.0,
) -> tuple[Values, float]:
    """Return weights and bias: fitted at the strongest place of each post, which depends on the weights.

    None weighs more than the share `most` of what is needed for `least`.
    """
    coefficients = np.append(bounds, 0.0)
    for _ in range(ROUNDS):
        rows = np.array([some[np.argmax(some @ coefficients[:-1])] for some in places])
        coefficients = _newton(np.hstack([rows, np.ones((len(rows), 1))]), about, weight, bounds)
    weights, bias = coefficients[:-1], float(coefficients[-1])
    return np.minimum(weights, most * max(least - bias, 0)), bias


def _newton(rows: Values, about: Values, weight: Values, bounds: Values) -> Values:
    """Maximize the likelihood, with weights on the side of nothing that `bounds` has (1 or -1)."""
    size = rows.shape[1]
    found, free = np.zeros(size), np.ones(size, np.bool_)
    ridge = np.full(size, RIDGE)
    ridge[-1] = 1e-6
    for _ in range(40):
        chance = 1 / (1 + np.exp(-(rows @ found)))
        slope = rows.T @ (weight * (about - chance)) - ridge * found
        curve = (rows * (weight * chance * (1 - chance))[:, None]).T @ rows + np.diag(ridge)
        at = np.flatnonzero(free)
        step = np.zeros(size)
        step[at] = np.linalg.solve(curve[np.ix_(at, at)], slope[at])
        found += step
        wrong = found[:-1] * bounds < 0
        found[:-1][wrong] = 0
        free[:-1] = ~(wrong | (found[:-1] == 0) & (slope[:-1] * bounds <= 0))
        if np.abs(step).max() < 1e-6:
            break
    return found


def say(line: str) -> None:
    """Tell who runs it."""
    sys.stdout.write(line + "\n")


def main() -> int:
    """Fit, say what came out in five parts of which each was left out once, and write the weights."""
    tag, language = sys.argv[1:3]
    least_, most = LEAST[f"{tag}.{language}"], MOST[tag]
    signs = Signs(tag, language)
    posts_ = examples(tag, language, signs.rules)
    found = [*zip(posts_, signs.places([one.text for one in posts_]), strict=True)]
    found = [(one, places) for one, places in found if len(places)]
    places = [some for _, some in found]
    about, weight = (
        np.array(some, float) for some in zip(*((one.is_about, one.weight) for one, _ in found), strict=True)
    )
    bounds = np.array(
        [
            -1.0 if ":no-" in str(leaf) or "-no-" in str(leaf) or weighs < 0 else 1.0
            for leaf, weighs in signs.near.parts
        ]
    )
    part = np.array([hashlib.sha256(one.text.encode()).digest()[2] % 5 for one, _ in found])
    score = np.zeros(len(found))
    for number in range(5):
        kept = part != number
        weights, bias = fitted(
            [some for some, keep in zip(places, kept, strict=True) if keep],
            about[kept],
            weight[kept],
            bounds,
            least_,
            most,
        )
        for at in np.flatnonzero(~kept):
            score[at] = (places[at] @ weights).max() + bias
    scores = {one.text: value for (one, _), value in zip(found, score, strict=True)}
    for source in sorted({one.source for one in posts_}):
        some = [one for one in posts_ if one.source == source]
        line = [f"{source:>20} {len(some):6} posts"]
        for least in (9, 1.0, 0.5, 0.0, -0.5, -1.0):
            told = [one for one in some if one.is_tagged or scores.get(one.text, -9) >= least]
            right = sum(one.stands_for for one in told if one.is_about)
            precision = right / max(1e-9, sum(one.stands_for for one in told))
            recall = right / max(1e-9, sum(one.stands_for for one in some if one.is_about))
            line.append(f"{least:+} {precision:.2f} {recall:.2f}")
        say("   ".join(line))
    weights, bias = fitted(places, about, weight, bounds, least_, most)
    for (leaf, _), one in sorted(zip(signs.near.parts, weights, strict=True), key=lambda pair: -pair[1]):
        say(f"  {leaf} {one:+.2f}")
    say(f"  bias {bias:+.2f}")
    signs.write(weights, bias, least_)
    return 0


if __name__ == "__main__":
    sys.exit(main())
