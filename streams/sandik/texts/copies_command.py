"""`sandik copies`: how many posts repeat a text."""

import sys
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import msgspec

from sandik.counting.fold import cell_tags
from sandik.counting.labels import iso
from sandik.figures.shares import percent
from sandik.files.atomic import check_free
from sandik.ingest.escaped import printable
from sandik.kafka.ranges import bounds_ms
from sandik.printing import print_json
from sandik.progress import tell
from sandik.replay.counted_posts import CountedPost, check_tag, each_counted, plan_of
from sandik.settings import Settings
from sandik.tables.aligned import aligned
from sandik.tables.writers import check_writable, write_table
from sandik.texts.copies import Copies, Group, Said
from sandik_schemas.languages import is_of
from sandik_schemas.pair import Pair

_SHOWN_CHARACTERS = 100
#: The share of posts is printed for this many of the most active authors.
_FEW_AUTHORS = (1, 10, 100)


class CopiesOrder(NamedTuple):
    """The options. `tag`: only posts with it; `all` is every post."""

    posts: tuple[str, ...]
    tag: str = "election"
    language: str | None = None
    from_: str | None = None
    to: str | None = None
    top: int = 10
    out: Path | None = None
    force: bool = False


class Told(msgspec.Struct, frozen=True):
    """The output of `sandik copies --json`. `copied`: the share of posts that repeat a text.

    `concentration`: number of most active authors -> their share of posts; empty if not all authors are
    known.
    """

    tag: str
    posts: int
    texts: int
    copied: float
    authors: int | None
    concentration: dict[int, float]
    groups: list[Group]


def run_copies(order: CopiesOrder, settings: Settings, *, json: bool) -> int:
    """Print the numbers of posts and texts, and the most frequent texts; write all texts to a file.

    Raises:
        UsageError: the file cannot be written, or a package is missing.
        SandikError: Kafka or the topic is unavailable, or a file has changed.
    """
    if order.out:
        check_writable(order.out)
        check_free([order.out], replaces=order.force)
    plan = plan_of(order.posts, *bounds_ms(order.from_, order.to), settings)
    job, copies, authors = plan.rules.job(settings), Copies(), Counter[str]()
    check_tag(order.tag, job)

    def take(posts: list[CountedPost]) -> None:
        chosen = [_said(one) for one in posts if _is_chosen(one, order, job.tagger.pairs)]
        copies.add(chosen)
        authors.update(one.author for one in chosen)

    each_counted(plan, settings, job, take)
    groups = copies.groups()
    if order.out:
        write_table(order.out, _COLUMNS, map(_row, groups), replaces=order.force)
    told = _told(order, copies.posts, groups, authors)
    if json:
        print_json(told)
        return 0
    _print(told)
    if order.out:
        sys.stdout.write(f"{order.out}\n")
    return 0


def _is_chosen(one: CountedPost, order: CopiesOrder, pairs: tuple[Pair, ...]) -> bool:
    language = one.annotation.language.code
    return order.tag in cell_tags(one.annotation.tags, pairs) and (
        order.language is None or is_of(language, order.language)
    )


def _said(one: CountedPost) -> Said:
    post = one.post
    return Said(post.id, post.created_at_ms, post.source, post.author_id or "", post.text)


def _told(order: CopiesOrder, posts: int, groups: list[Group], authors: Counter[str]) -> Told:
    concentration = {}
    if posts and "" not in authors:
        most = [count for _, count in authors.most_common(max(_FEW_AUTHORS))]
        concentration = {few: round(sum(most[:few]) / posts, 6) for few in _FEW_AUTHORS if few < len(authors)}
    copied = round(1 - len(groups) / posts, 6) if posts else 0.0
    known = None if "" in authors else len(authors)
    return Told(order.tag, posts, len(groups), copied, known, concentration, groups[: order.top])


_COLUMNS = {
    "posts": "int",
    "wordings": "int",
    "authors": "int",
    "sources": "int",
    "first": "text",
    "last": "text",
    "half_s": "int",
    "text": "text",
}


def _row(group: Group) -> dict[str, object]:
    return {
        **msgspec.structs.asdict(group),
        "first": iso(group.first_ms),
        "last": iso(group.last_ms),
        "half_s": group.half_ms // 1000,
    }


def _print(told: Told) -> None:
    line = f"{told.posts:,} posts of {told.tag}, {told.texts:,} texts: {percent(told.copied)} repeat one"
    if told.concentration:
        shares = ", ".join(f"{few} {percent(share)}" for few, share in told.concentration.items())
        line += f"; {told.authors:,} authors, of whom those with the most posts wrote: {shares}"
    tell(line)
    rows = [
        (
            one.posts,
            one.wordings,
            "–" if one.authors is None else one.authors,
            iso(one.first_ms)[:16],
            _long(one.half_ms),
            printable(" ".join(one.text.split())[:_SHOWN_CHARACTERS]),
        )
        for one in told.groups
        if one.posts > 1
    ]
    head = "posts", "wordings", "authors", "first (UTC)", "half within", "text"
    sys.stdout.writelines(f"{line}\n" for line in aligned(head, rows))


def _long(length_ms: int) -> str:
    for unit_ms, name in ((86_400_000, "d"), (3_600_000, "h"), (60_000, "min")):
        if length_ms >= 2 * unit_ms:
            return f"{length_ms // unit_ms} {name}"
    return f"{length_ms // 1000} s"
