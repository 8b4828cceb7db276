"""How many different authors a cell has: a sketch of each group of posts, and unions of sketches.

A theta sketch holds the smallest hashes of a set, and its estimate depends on that set alone: not on the
order of authors, on repeats, or on how they are spread over batches and partitions. See
docs/decisions/011-authors.md. Needs the package datasketches.
"""

import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from datasketches import compact_theta_sketch, theta_union, update_theta_sketch

from sandik.counting.fold import PostColumns
from sandik.counting.windows.final_and_late import Timing
from sandik_schemas.partial import AuthorsPartial, PartitionClock, Sketches
from sandik_schemas.post import Post

#: 2^12 = 4,096 authors of a cell are counted exactly; more with a standard error of 1 / sqrt(4,096) = 1.6 %.
LG_K = 12
SEED = 9001
#: Standard deviations of a 95 % interval.
DEVIATIONS = 2


class Distinct(NamedTuple):
    """How many authors, between what bounds. The names are those of a count's fields."""

    distinct_authors: int
    distinct_authors_low: int
    distinct_authors_high: int


NONE = Distinct(0, 0, 0)


class ThetaAuthors:
    """Sketches the authors of a batch: what `sandik.counting.job.Authors` asks for."""

    #: Part of the run's id. "2": posts that name an author are counted in a field of their own.
    version = f"authors-theta-{LG_K}-{SEED}-2"

    def added(
        self,
        clock: PartitionClock,
        columns: PostColumns,
        posts: Sequence[Post],
        uncounted: Collection[int],
        timing: Timing,
    ) -> list[AuthorsPartial]:
        """Return what the batch adds to the authors of its windows."""
        windows: dict[int, dict[str, dict[str, update_theta_sketch]]]
        windows = defaultdict(lambda: defaultdict(dict))
        for offset, (language, tags), post in zip(columns.offsets, columns.groups, posts, strict=True):
            if not post.author_id or offset in uncounted:
                continue
            by_group = windows[timing.window_start_ms(post.created_at_ms)][language]
            group = " ".join(tags)
            sketch = by_group.get(group)
            if sketch is None:
                sketch = by_group[group] = update_theta_sketch(LG_K, seed=SEED)
            # A source's ids are its own: the same one elsewhere is somebody else.
            sketch.update(f"{post.source}\0{post.author_id}")
        run_id, partition, offset = clock.run_id, clock.partition, columns.last_offset
        return [
            AuthorsPartial(run_id, partition, start_ms, offset, authors=_serialized(by_language))
            for start_ms, by_language in windows.items()
        ]


def _serialized(by_language: Mapping[str, Mapping[str, update_theta_sketch]]) -> Sketches:
    return {
        language: {group: sketch.compact().serialize() for group, sketch in by_group.items()}
        for language, by_group in by_language.items()
    }


def united(sketches: Sequence[bytes]) -> bytes:
    """Return the sketch of all authors of these."""
    return sketches[0] if len(sketches) == 1 else _union(sketches).serialize()


def added_up(entries: Iterable[Sketches]) -> Sketches:
    """Return the sketches of all of these, group by group."""
    found: dict[str, dict[str, list[bytes]]] = defaultdict(lambda: defaultdict(list))
    for entry in entries:
        for language, by_group in entry.items():
            for group, sketch in by_group.items():
                found[language][group].append(sketch)
    return {
        language: {group: united(sketches) for group, sketches in by_group.items()}
        for language, by_group in found.items()
    }


def distinct(by_group: Mapping[str, bytes]) -> dict[str, Distinct]:
    """Return the authors of each tag, of the sketches of groups of tags."""
    by_tag: dict[str, list[bytes]] = defaultdict(list)
    for group, sketch in by_group.items():
        for tag in group.split(" "):
            by_tag[tag].append(sketch)
    return {tag: _distinct(_union(sketches)) for tag, sketches in by_tag.items()}


def _union(sketches: Iterable[bytes]) -> compact_theta_sketch:
    # Its result keeps the k smallest hashes and no more, whatever the parts had kept.
    union = theta_union(LG_K, seed=SEED)
    for sketch in sketches:
        union.update(compact_theta_sketch.deserialize(sketch, SEED))
    return union.get_result()


def _distinct(sketch: compact_theta_sketch) -> Distinct:
    return Distinct(
        round(sketch.get_estimate()),
        math.floor(sketch.get_lower_bound(DEVIATIONS)),
        math.ceil(sketch.get_upper_bound(DEVIATIONS)),
    )
