import bz2
import gzip
import lzma
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from backports import zstd

from sandik.errors import UsageError
from sandik.ingest.inputs import find, open_source, read
from sandik.ingest.items import Item, Rejected, Skipped
from sandik_schemas.post import Post

LINES = b"".join(
    b'{"id":"a:%d","source":"a","created_at_ms":1683828000000,"text":"oy"}\n' % n for n in range(5_000)
)
PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "zstd": zstd.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
}


def items(path: Path, format_name: str | None = None) -> list[Item]:
    return list(read([open_source(str(path), format_name)]))


@pytest.mark.parametrize("packer", PACKERS)
def test_a_packed_file_yields_the_same_whatever_its_name(tmp_path: Path, packer: str) -> None:
    plain, packed = tmp_path / "plain", tmp_path / "packed.bin"
    plain.write_bytes(LINES)
    packed.write_bytes(PACKERS[packer](LINES))

    assert items(packed) == items(plain)
    assert len(items(plain)) == 5_000


def test_files_packed_one_after_the_other_are_read_to_the_last(tmp_path: Path) -> None:
    for packer in ("gzip", "zstd", "bzip2", "xz"):
        path = tmp_path / packer
        path.write_bytes(PACKERS[packer](LINES) + PACKERS[packer](LINES))
        assert len(items(path)) == 10_000, packer


@pytest.mark.parametrize("packer", ["gzip", "zstd", "bzip2", "xz"])
def test_a_truncated_file_yields_what_it_has_and_then_says_so(tmp_path: Path, packer: str) -> None:
    path = tmp_path / "posts.jsonl"
    path.write_bytes(PACKERS[packer](LINES)[:-12])

    *posts, broken = items(path)
    assert [item.id for item in posts if isinstance(item, Post)] == [f"a:{n}" for n in range(len(posts))]
    assert isinstance(broken, Rejected)
    assert (broken.reason, broken.where) == ("broken_off", str(path))
    assert f"after {len(posts):,} posts" in broken.detail


def test_reddits_dumps_look_back_two_gibibytes(tmp_path: Path) -> None:
    line = LINES[: LINES.index(b"\n") + 1]
    path = tmp_path / "RC.zst"
    # A frame with a window of 2^31 bytes (the byte after the flags) and one block as it is.
    path.write_bytes(
        b"\x28\xb5\x2f\xfd" + b"\x00" + bytes([21 << 3]) + (len(line) << 3 | 1).to_bytes(3, "little") + line
    )

    assert len(items(path)) == 1


def test_an_archive_is_read_member_by_member_and_says_which_hold_no_posts(tmp_path: Path) -> None:
    path = tmp_path / "archive.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("data/README.txt", "Merhaba")
        archive.writestr("data/posts.jsonl", LINES)
        archive.writestr("data/more.jsonl.gz", gzip.compress(LINES[: LINES.index(b"\n") + 1] + b"bozuk\n"))
        archive.writestr("data/tweets.js", "window.YTD.tweets.part0 = []")
        archive.writestr("__MACOSX/data/._posts.jsonl", b"\x00")

    found = items(path)
    assert len([item for item in found if isinstance(item, Post)]) == 5_001
    left_out = [(type(item).__name__, item.where) for item in found if not isinstance(item, Post)]
    assert left_out == [
        ("Skipped", f"{path}!data/README.txt"),
        ("Rejected", f"{path}!data/more.jsonl.gz:2"),
        ("Skipped", f"{path}!data/tweets.js"),
    ]
    assert all(item.reason == "other_file" for item in found if isinstance(item, Skipped))


def test_patterns_are_files_by_name_and_nothing_found_is_a_usage_error(tmp_path: Path) -> None:
    for name in ("b.jsonl", "a.jsonl", "deep/c.jsonl"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"")

    assert find([f"{tmp_path}/*.jsonl", "-"]) == [f"{tmp_path}/a.jsonl", f"{tmp_path}/b.jsonl", "-"]
    assert find([f"{tmp_path}/**/c.jsonl"]) == [f"{tmp_path}/deep/c.jsonl"]
    with pytest.raises(UsageError, match="no file matches"):
        find([f"{tmp_path}/*.zst"])


def test_a_file_whose_name_looks_like_a_pattern_is_that_file(tmp_path: Path) -> None:
    path = tmp_path / "posts[1].jsonl"
    path.write_bytes(b"")

    assert find([str(path)]) == [str(path)]


def test_more_files_than_may_be_open_at_once_can_be_read(tmp_path: Path) -> None:
    import resource

    for number in range(80):
        (tmp_path / f"{number}.jsonl").write_bytes(LINES[: LINES.index(b"\n") + 1])
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, hard))
    try:
        sources = [open_source(name, None) for name in find([f"{tmp_path}/*.jsonl"])]
        assert len(list(read(sources))) == 80
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_the_bytes_read_reach_the_size_for_the_progress_bar(tmp_path: Path) -> None:
    path = tmp_path / "posts.jsonl"
    path.write_bytes(LINES)
    source = open_source(str(path), None)
    reading = read([source])

    assert source.read_bytes() == 0
    next(reading)
    assert 0 < source.read_bytes() <= len(LINES)
    list(reading)
    assert source.read_bytes() == source.size_bytes == len(LINES)
