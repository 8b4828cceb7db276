"""Laws of order: posts come by their event times, each once, and those of one time as the files have them."""

import errno
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandik.errors import SandikError
from sandik.ingest.items import Item, Rejected, RejectReason
from sandik.ingest.post_times import sorted_pieces
from sandik.ingest.post_times.sorting import Aside, Sorter, as_they_are
from sandik_schemas.post import Post

#: Of each file, the times of its posts; None is what is no post.
archives = st.lists(st.lists(st.one_of(st.integers(0, 30), st.none()), max_size=40), max_size=5)


def items(file: int, times: Sequence[int | None]) -> Iterator[Item]:
    for number, time in enumerate(times):
        if time is None:
            yield Rejected(RejectReason.NOT_JSON, "", f"{file}:{number}")
        else:
            yield a_post(f"{file}:{number}", time)


def a_post(id_: str, time: int, **more: Any) -> Post:
    return Post(id=id_, source="s", created_at_ms=time, text="oy ver", **more)


def ordered(
    archive: Sequence[Sequence[int | None]], sorter: Sorter
) -> tuple[list[tuple[int, Post]], list[str]]:
    posts: list[tuple[int, Post]] = []
    aside: list[str] = []
    for one in sorter.in_order((file, items(file, times)) for file, times in enumerate(archive)):
        if isinstance(one, Aside):
            aside.append(one.item.where)
        else:
            posts += zip(one.files, one.posts, strict=True)
    return posts, aside


@given(archives, st.integers(1, 50), st.integers(1, 4), st.integers(2, 4))
def test_posts_come_by_time_and_those_of_one_time_as_they_were(
    archive: list[list[int | None]], buffer_posts: int, block_posts: int, most_open: int
) -> None:
    """However little is held and merged at once. The built-in sort, which is stable, is the truth."""
    read = [(file, item) for file, times in enumerate(archive) for item in items(file, times)]
    expected = [(file, item) for file, item in read if isinstance(item, Post)]
    expected.sort(key=lambda one: one[1].created_at_ms)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sorted_pieces, "BLOCK_POSTS", block_posts)
        patch.setattr(sorted_pieces, "MAX_OPEN", most_open)
        sorter = Sorter(buffer_posts=buffer_posts)
        posts, aside = ordered(archive, sorter)

    assert posts == expected
    assert len(aside) == sum(times.count(None) for times in archive)
    assert sorter.sorting.is_on_disk == (len(expected) >= buffer_posts)
    flat = [time for times in archive for time in times if time is not None]
    assert sorter.sorting.was_sorted == (flat == sorted(flat))


@given(
    st.lists(
        st.tuples(st.integers(0, 9), st.integers(0, 30), st.sampled_from(["create", "update", "delete"]))
    )
)
def test_what_is_done_to_a_post_stays_behind_it(log: list[tuple[int, int, str]]) -> None:
    """Whatever time the source gives it: edits and deletions of one id keep their order behind it."""
    posts = [a_post(f"s:{one}", time, op=op, url=str(at)) for at, (one, time, op) in enumerate(log)]

    slices = [one for one in Sorter().in_order([(0, posts)]) if not isinstance(one, Aside)]
    found = [post for one in slices for post in one.posts]

    for number in range(10):
        of_id = [post for post in posts if post.id == f"s:{number}"]
        begun = next((at for at, one in enumerate(of_id) if one.op == "create"), len(of_id))
        own = of_id[begun:]
        until = next((at for at, one in enumerate(own) if at and one.op == "create"), len(own))
        assert [one for one in found if one in own[:until]] == own[:until]


def test_what_is_no_post_is_told_while_the_files_are_read() -> None:
    told = next(Sorter().in_order([(0, items(0, [3, None, 1]))]))

    assert isinstance(told, Aside)


def test_a_file_that_breaks_off_gives_what_was_read_in_order_and_then_its_error() -> None:
    def broken() -> Iterator[Item]:
        yield a_post("a", 2)
        yield a_post("b", 1)
        raise SandikError("breaks off")

    reading = Sorter(buffer_posts=1).in_order([(0, broken())])

    assert [next(reading) for _ in range(2)] == [([1], [0], [a_post("b", 1)]), ([2], [0], [a_post("a", 2)])]
    with pytest.raises(SandikError, match="breaks off"):
        next(reading)


@pytest.mark.parametrize("newest_first", [False, True])
def test_an_archive_in_order_is_merged_with_one_piece_open(newest_first: bool) -> None:
    """However long it is, and in either direction: every piece is behind the one before it, or before it."""
    pieces = [sorted_pieces.Piece(100 * at, 100 * at + 99, 1, []) for at in range(1_000)]

    assert sorted_pieces.overlap(pieces[::-1] if newest_first else pieces) == 1
    assert sorted_pieces.overlap([sorted_pieces.Piece(0, 1_000, 1, []), *pieces]) == 2
    assert sorted_pieces.overlap([sorted_pieces.Piece(0, 9, 1, []), sorted_pieces.Piece(9, 12, 1, [])]) == 2


def test_a_full_disk_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Full:
        def seek(self, _: int) -> None: ...
        def close(self) -> None: ...
        def write(self, _: bytes) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(tempfile, "TemporaryFile", lambda **_: Full())

    with pytest.raises(SandikError, match=r"No space left on device.*--temp-dir.*--order as-is"):
        list(Sorter(tmp_path, buffer_posts=1).in_order([(0, items(0, [1, 2]))]))


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SandikError, match="nowhere: No such file"):
        list(Sorter(tmp_path / "nowhere", buffer_posts=1).in_order([(0, items(0, [1, 2]))]))


def test_nothing_is_left_in_the_folder_while_it_is_in_use(tmp_path: Path) -> None:
    """The file has no name, so that it goes with the process, whatever ends it."""
    ordering = Sorter(tmp_path, buffer_posts=2).in_order([(0, items(0, [5, 4, 3, 2, 1]))])
    next(ordering)

    assert list(tmp_path.iterdir()) == []


def test_as_they_are_each_item_comes_when_it_is_read() -> None:
    def endless() -> Iterator[Item]:
        yield a_post("b", 2)
        yield a_post("a", 1)
        raise AssertionError("read ahead")

    reading = as_they_are([(7, endless())])

    assert [next(reading) for _ in range(2)] == [([2], [7], [a_post("b", 2)]), ([1], [7], [a_post("a", 1)])]
