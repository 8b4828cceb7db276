"""`sandik sample`: posts for coders."""

import sys
from collections import Counter
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import msgspec

from sandik.counting.job import Job
from sandik.counting.labels import iso
from sandik.counting.tags.lexicon import read_lexicon
from sandik.errors import UsageError
from sandik.files.atomic import check_free, new_folder
from sandik.hand_coding.codebook import codebook
from sandik.hand_coding.design import SCHEMA_VERSION, Design, DesignStratum
from sandik.hand_coding.draw import Draw
from sandik.hand_coding.sheets import write_sheets
from sandik.hand_coding.strata import Stratum, kind_of
from sandik.kafka.ranges import bounds_ms
from sandik.progress import tell
from sandik.replay.counted_posts import CountedPost, each_counted, plan_of
from sandik.replay.plan import Plan
from sandik.settings import Settings
from sandik_schemas.languages import is_of, languages_in


class SampleOrder(NamedTuple):
    """The options. `posts`: a replay's counts, or files of posts; empty is the topic `posts`."""

    posts: tuple[str, ...]
    out: Path
    seed: int
    per_stratum: int
    from_: str | None = None
    to: str | None = None
    languages: tuple[str, ...] = ()


class Drawn(NamedTuple):
    """The data of a post for coders, and its id."""

    post_id: str
    created_at: str
    language: str
    text: str


def run_sample(order: SampleOrder, settings: Settings) -> int:
    """Write the folder: tables for coders, the codebook, and the design, which they must not see.

    Raises:
        UsageError: the folder cannot be written, or there are no posts in the period.
        SandikError: Kafka or the topic is unavailable, or a file has changed.
    """
    check_free([order.out], replaces=False)
    plan = plan_of(order.posts, *bounds_ms(order.from_, order.to), settings)
    job = plan.rules.job(settings)
    draw: Draw[Drawn] = Draw(order.seed, order.per_stratum)
    each_counted(plan, settings, job, partial(_add, order, job, draw))
    if not draw.posts:
        raise UsageError("there are no such posts in this period: nothing to sample")
    drawn = list(draw.drawn())
    design = _design(order, plan, job, draw.posts, drawn)
    languages = sorted({one for stratum in draw.posts for one in languages_in(stratum.language)})
    rows = read_lexicon(plan.rules.lexicon).rows
    book = codebook(rows, design.tags, languages, design.lexicon_version)
    written = write_sample(order.out, design, book, [post for _, _, post in drawn])
    tell(f"{len(drawn):,} of {draw.posts.total():,} posts, of {len(draw.posts):,} strata")
    tell(f"for coders: {', '.join(written)}, codebook.md; not for them: design.json")
    sys.stdout.write(f"{order.out}\n")
    return 0


def _add(order: SampleOrder, job: Job, draw: Draw[Drawn], posts: list[CountedPost]) -> None:
    chosen = [one for one in posts if _is_chosen(one, order.languages)]
    near = job.tagger.near([one.post.text for one in chosen])
    for number, one in enumerate(chosen):
        language = one.annotation.language.code
        kind = kind_of(one.annotation.tags, is_near=number in near)
        drawn = Drawn(one.post.id, iso(one.post.created_at_ms), language, one.post.text)
        name = f"{one.post.source}|{one.post.id}|{one.partition}|{one.offset}"
        draw.add(Stratum(language, one.post.source, kind), name, drawn)


def _is_chosen(one: CountedPost, languages: Sequence[str]) -> bool:
    return not languages or any(is_of(one.annotation.language.code, language) for language in languages)


def _design(
    order: SampleOrder,
    plan: Plan,
    job: Job,
    posts: Counter[Stratum],
    drawn: Sequence[tuple[Stratum, str, Drawn]],
) -> Design:
    return Design(
        schema_version=SCHEMA_VERSION,
        seed=order.seed,
        per_stratum=order.per_stratum,
        from_ms=plan.from_ms,
        to_ms=plan.to_ms,
        languages=sorted(order.languages),
        lexicon_version=job.tagger.version,
        detector_version=job.detector.version,
        tags=job.tagger.tag_names,
        pairs=job.tagger.pairs,
        strata=strata_of(posts, [stratum for stratum, _, _ in drawn]),
        ids=ids_of([post for _, _, post in drawn]),
    )


def strata_of(posts: Counter[Stratum], of_items: Sequence[Stratum]) -> list[DesignStratum]:
    """Return the strata with their items, numbered from 1 in the order of `of_items`."""
    items: dict[Stratum, list[str]] = {stratum: [] for stratum in posts}
    for number, stratum in enumerate(of_items, 1):
        items[stratum].append(str(number))
    return [DesignStratum(*stratum, posts[stratum], items[stratum]) for stratum in sorted(posts)]


def ids_of(drawn: Sequence[Drawn]) -> dict[str, str]:
    """Return the id of each item's post."""
    return {str(number): post.post_id for number, post in enumerate(drawn, 1)}


def write_sample(out: Path, design: Design, book: str, drawn: Sequence[Drawn]) -> list[str]:
    """Write the folder of a sample; return the names of the tables that coders fill in."""
    posts = [
        {"item": str(number), "created_at": one.created_at, "language": one.language, "text": one.text}
        for number, one in enumerate(drawn, 1)
    ]
    with new_folder(out) as new:
        written = [path.name for path in write_sheets(new, design.tags, posts)]
        (new / "codebook.md").write_text(book, "utf-8")
        encoded = msgspec.json.format(msgspec.json.encode(design), indent=1)
        (new / "design.json").write_bytes(encoded + b"\n")
    return written
