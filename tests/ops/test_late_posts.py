"""When `sandik doctor` warns of posts that came too late."""

from typing import NamedTuple

import msgspec
import pytest

from sandik.ops.late_posts import ENOUGH, Share, Sources, judged, of_run
from sandik_schemas.partial import PartitionClock, Tally
from sandik_schemas.post import Post


class Record(NamedTuple):
    key: bytes
    value: bytes


def posts(source: str, number: int, op: str = "create") -> list[Record]:
    found = []
    for at in range(number):
        post = Post(id=f"{source}:{at}", source=source, created_at_ms=at, text="", op=op)  # type: ignore[arg-type]
        found.append(Record(post.id.encode(), msgspec.json.encode(post)))
    return found


@pytest.mark.parametrize(
    ("run", "sources", "levels"),
    [
        (Share(0, 0), {}, []),
        (Share(3, 100), {}, ["ok"]),
        (Share(50, 100), {}, ["ok"]),
        (Share(2_159, 2_161), {}, ["warning"]),
        (Share(60, 100_000), {"x": Share(60, 60), "bluesky": Share(0, 500)}, ["warning"]),
        (Share(5, 100_000), {"x": Share(5, ENOUGH - 1)}, ["ok"]),
        (Share(90, 100), {"x": Share(90, 100)}, ["warning", "warning"]),
    ],
)
def test_most_of_a_run_or_of_a_source_is_a_warning(
    run: Share, sources: dict[str, Share], levels: list[str]
) -> None:
    found = judged(run, sources)

    assert [one.level for one in found] == levels
    assert all("SANDIK_TOPIC_PREFIX" in one.repair for one in found if one.level == "warning")


def test_the_share_of_a_run_is_that_of_its_tallies() -> None:
    tallies = [Tally(counted=5, late=2, rejected=9, duplicate=1, ignored=4), Tally(late=3)]

    assert of_run(PartitionClock("r", at, 9, 0, False, tally) for at, tally in enumerate(tallies)) == (5, 11)


def test_a_letter_is_known_by_the_bytes_of_its_post() -> None:
    """Of posts, marks and what is no post, those of each source are compared with the letters."""
    others = [
        Record(b"n", b"nonsense"),
        Record(b"m", posts("m", 1)[0].value.replace(b"{", b'{"op":"close",', 1)),
    ]
    of_x, of_y = posts("x", 4), posts("y", 2)

    sources = Sources()
    for record in [*of_x, *of_y, *others]:
        sources.take_post(record)
    for record in [*of_x[:3], *others, *posts("z", 3)]:
        sources.take_letter(record)

    assert sources.shares() == {"x": Share(3, 4), "y": Share(0, 2)}
