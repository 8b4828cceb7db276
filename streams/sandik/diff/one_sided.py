"""Posts that only one of two lexicons or detectors tags: counted, sampled, and judged by codes."""

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import aclosing
from typing import NamedTuple

import msgspec

from sandik.counting.job import Annotation, Job
from sandik.figures.corrected import Accuracy, Estimate, Sample
from sandik.figures.rollup import EVERY
from sandik.hand_coding.agree import accuracy_of
from sandik.hand_coding.design import Design
from sandik.hand_coding.draw import Draw
from sandik.hand_coding.sheets import Codes
from sandik.hand_coding.strata import Stratum
from sandik.replay.compared_posts import Example, Window, posts_of, said
from sandik.replay.plan import Plan
from sandik.settings import Settings

#: The same tags, but another language.
LANGUAGE_ONLY = "language"


class Alone(NamedTuple):
    """How many posts only one side gives the tag."""

    side: str
    tag: str
    posts: int


class Precision(msgspec.Struct, frozen=True):
    """The precision of a tag on the `posts` that only `side` gives it to, of which `coded` were coded."""

    side: str
    tag: str
    posts: int
    coded: int
    precision: Estimate | None


def kind_of_difference(one: Annotation, other: Annotation) -> str | None:
    """Return the tags of one side only, `A:election+B:deepfake`; None if both are the same."""
    found = [f"A:{tag}" for tag in one.tags if tag not in other.tags]
    found += [f"B:{tag}" for tag in other.tags if tag not in one.tags]
    if found:
        return "+".join(sorted(found))
    return None if one.language.code == other.language.code else LANGUAGE_ONLY


async def draw_differences(
    plan: Plan,
    jobs: tuple[Job, Job],
    windows: set[Window],
    settings: Settings,
    draw: Draw[Example],
    tell: Callable[[int], None],
) -> None:
    """Add all posts of these windows that the two jobs annotate differently to the draw.

    Raises:
        StateError: the log no longer has the posts, or a file has changed.
    """
    async with aclosing(posts_of(plan, windows, settings)) as batches:
        async for batch in batches:
            tell(len(batch))
            texts, hints = [post.text for _, _, post in batch], [post.lang_hint for _, _, post in batch]
            times_ms = [post.created_at_ms for _, _, post in batch]
            before, after = (job.annotate(texts, hints, times_ms=times_ms) for job in jobs)
            for (partition, offset, post), one, other in zip(batch, before, after, strict=True):
                kind = kind_of_difference(one, other)
                if kind is None:
                    continue
                told = said(one), said(other)
                example = Example(post.id, post.created_at_ms, partition, offset, post.text, *told)
                name = f"{post.source}|{post.id}|{partition}|{offset}"
                draw.add(Stratum(EVERY, EVERY, kind), name, example)


def alone(posts: Counter[Stratum]) -> list[Alone]:
    """Return the numbers of posts tagged by one side only, by side and tag. A post may be in several."""
    found: Counter[tuple[str, str]] = Counter()
    for stratum, count in posts.items():
        for part in _parts(stratum.kind):
            found[part] += count
    return [Alone(side, tag, count) for (side, tag), count in sorted(found.items())]


def precision_alone(design: Design, coders: Sequence[Codes]) -> list[Precision]:
    """Return the precision of each side on posts that the other does not tag, weighted to all such posts."""
    accuracy = accuracy_of(design, coders)
    sides = sorted({part for one in accuracy.strata for part in _parts(one.kind)})
    return [_precision(accuracy, side, tag) for side, tag in sides]


def _precision(accuracy: Accuracy, side: str, tag: str) -> Precision:
    of_side = [one for one in accuracy.strata if (side, tag) in _parts(one.kind)]
    strata = [msgspec.structs.replace(one, kind=tag) for one in of_side]
    found = Sample(strata, ()).rightness(EVERY, tag).precision
    posts, coded = (sum(getattr(one, name) for one in of_side) for name in ("posts", "coded"))
    return Precision(side, tag, posts, coded, found)


def _parts(kind: str) -> list[tuple[str, str]]:
    return [(side, tag) for side, colon, tag in (part.partition(":") for part in kind.split("+")) if colon]
