"""Precision and recall of tags, post by post: of judged posts, by language, kind of source and half. Pure."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

import msgspec

from sandik.figures.interval import wilson
from tests.quality.judged import Judged


class Figure(msgspec.Struct, frozen=True):
    """How right a tag is on the posts of one kind.

    Precision: of the posts that carry it, those that are about it. Recall: of those that are about it, within
    the net that the sample was drawn from, those that carry it. Both with weights, and with bounds at 95 %.
    """

    language: str
    kind: str
    tag: str
    is_held_out: bool
    posts: int
    tagged: int
    about: int
    right: int
    precision: float
    precision_low: float
    precision_high: float
    recall: float
    recall_low: float
    recall_high: float


def figures(posts: Sequence[Judged], tags: Mapping[str, Collection[str]]) -> list[Figure]:
    """Return all figures. `tags`: of each post, by its id; posts that are not in it are left out."""
    groups: defaultdict[tuple[str, str, str, bool], list[Judged]] = defaultdict(list)
    for post in posts:
        if post.id in tags:
            for tag in post.about:
                groups[post.language, post.kind, tag, post.is_held_out].append(post)
    return [
        _figure(group, [(post.weight, tag in tags[post.id], post.about[tag]) for post in members], tag)
        for group, members in sorted(groups.items())
        for tag in (group[2],)
        if any(post.about[tag] or tag in tags[post.id] for post in members)
    ]


def _figure(
    group: tuple[str, str, str, bool], members: Sequence[tuple[float, bool, bool]], tag: str
) -> Figure:
    language, kind, _, is_held_out = group
    tagged = [weight for weight, is_tagged, _ in members if is_tagged]
    about = [weight for weight, _, is_about in members if is_about]
    right = [weight for weight, is_tagged, is_about in members if is_tagged and is_about]
    counts = len(members), len(tagged), len(about), len(right)
    return Figure(
        language, kind, tag, is_held_out, *counts, *weighted(right, tagged), *weighted(right, about)
    )


def weighted(weights_right: Sequence[float], weights_all: Sequence[float]) -> tuple[float, float, float]:
    """Return a weighted share and its bounds: unequal weights count as Kish's fewer equal ones."""
    total = sum(weights_all)
    if not total:
        return 1.0, 0.0, 1.0
    share = sum(weights_right) / total
    effective = total * total / sum(weight * weight for weight in weights_all)
    low, high = wilson(share * effective, effective)
    return round(share, 4), round(low, 4), round(high, 4)
