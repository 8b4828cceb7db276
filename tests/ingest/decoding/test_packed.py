"""Archives, whole, cut off, broken and encrypted: every whole line is read, and then it is told."""

import bz2
import gzip
import io
import lzma
import random
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from backports import zstd
from hypothesis import given
from hypothesis import strategies as st

from sandik.errors import UsageError
from sandik.ingest.inputs import open_source, read
from sandik.ingest.items import Item, Rejected, Skipped
from sandik_schemas.post import Post

#: Texts that do not pack well, so that a cut in the middle is one in the middle of the lines.
_WORDS = [f"{random.Random(number).getrandbits(256):064x}" for number in range(4_000)]
LINES = b"".join(
    b'{"id":"a:%d","source":"a","created_at_ms":1683828000000,"text":"oy %s"}\n' % (number, word.encode())
    for number, word in enumerate(_WORDS)
)
PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gz": gzip.compress,
    "zst": zstd.compress,
    "bz2": lambda data: bz2.compress(data, 1),
    "xz": lzma.compress,
}


def tarred(files: dict[str, bytes], form: int = tarfile.PAX_FORMAT) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w", format=form) as archive:
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return made.getvalue()


def zipped(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return made.getvalue()


def streamed_zip(files: dict[str, bytes]) -> bytes:
    """Return a zip as a pipe gets it: lengths stand behind the files."""

    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

        def seek(self, *_: int) -> int:
            raise io.UnsupportedOperation

        def tell(self) -> int:
            raise io.UnsupportedOperation

    made = Pipe()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return made.getvalue()


def encrypted(archive: bytes) -> bytes:
    """Return the archive with every file marked as encrypted."""
    made = bytearray(archive)
    for magic, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        start = made.find(magic)
        while start >= 0:
            made[start + at] |= 1
            start = made.find(magic, start + 4)
    return bytes(made)


def items(tmp_path: Path, data: bytes, name: str = "archive.bin") -> list[Item]:
    path = tmp_path / name
    path.write_bytes(data)
    return list(read([open_source(str(path), None)]))


def posts(found: list[Item]) -> list[str]:
    return [item.id for item in found if isinstance(item, Post)]


def ids(count: int) -> list[str]:
    return [f"a:{number}" for number in range(count)]


def whole_lines(packed: bytes, decompressor: object) -> int:
    """Return how many whole lines the decompressor itself gets out of it."""
    return decompressor.decompress(packed).count(b"\n")  # type: ignore[attr-defined, no-any-return]


@pytest.mark.parametrize(
    ("packer", "decompressor"),
    [
        ("gz", lambda: __import__("zlib").decompressobj(31)),
        ("zst", zstd.ZstdDecompressor),
        ("bz2", bz2.BZ2Decompressor),
        ("xz", lzma.LZMADecompressor),
    ],
)
@pytest.mark.parametrize("share", [0.05, 0.5, 0.97])
def test_all_whole_lines_before_a_cut_are_read(
    tmp_path: Path, packer: str, decompressor: Callable[[], object], share: float
) -> None:
    packed = PACKERS[packer](LINES)
    cut = packed[: int(len(packed) * share)]
    expected = whole_lines(cut, decompressor())

    *read_posts, last = items(tmp_path, cut, f"x.jsonl.{packer}")
    assert posts(read_posts) == ids(expected)
    assert expected > 0 or packer != "gz"
    assert isinstance(last, Rejected)
    assert (last.reason, f"after {expected:,} posts" in last.detail) == ("broken_off", True)


def test_the_second_of_two_packed_files_in_a_row_may_be_cut_off(tmp_path: Path) -> None:
    half = LINES[: LINES.index(b'{"id":"a:2000"')]
    rest = LINES[len(half) :]
    found = items(tmp_path, gzip.compress(half) + gzip.compress(rest)[:-5_000], "x.jsonl.gz")
    assert 2_000 < len(posts(found)) < 4_000
    assert posts(found) == ids(len(posts(found)))
    assert isinstance(found[-1], Rejected)


def test_bytes_that_are_wrong_in_the_middle_cost_what_follows(tmp_path: Path) -> None:
    packed = bytearray(gzip.compress(LINES))
    packed[len(packed) // 2] ^= 0xFF
    found = items(tmp_path, bytes(packed), "x.jsonl.gz")
    assert isinstance(found[-1], Rejected)
    assert found[-1].reason == "broken_off"
    assert len(posts(found)) > 1_000


def test_the_files_behind_a_broken_one_are_read(tmp_path: Path) -> None:
    broken, whole = tmp_path / "a.jsonl.gz", tmp_path / "b.jsonl"
    broken.write_bytes(gzip.compress(LINES)[:-9_000])
    whole.write_bytes(LINES)
    found = list(read([open_source(str(path), None) for path in (broken, whole)]))
    assert posts(found)[-4_000:] == ids(4_000)
    assert [item.where for item in found if isinstance(item, Rejected)] == [str(broken)]


FILES = {"a/1.jsonl": LINES, "a/oku.txt": b"Merhaba", "2.jsonl.gz": gzip.compress(LINES)}


@pytest.mark.parametrize(
    "archive",
    [
        tarred(FILES),
        tarred(FILES, tarfile.USTAR_FORMAT),
        tarred(FILES, tarfile.GNU_FORMAT),
        gzip.compress(tarred(FILES)),
        bz2.compress(tarred(FILES)),
        lzma.compress(tarred(FILES)),
        zstd.compress(tarred(FILES)),
        gzip.compress(gzip.compress(tarred(FILES))),
        zipped(FILES),
        zipped(FILES, zipfile.ZIP_STORED),
        zipped(FILES, zipfile.ZIP_BZIP2),
        streamed_zip(FILES),
        gzip.compress(zipped(FILES)),
        gzip.compress(streamed_zip(FILES)),
    ],
)
def test_a_tar_is_opened_like_a_zip_however_it_is_packed(tmp_path: Path, archive: bytes) -> None:
    found = items(tmp_path, archive)
    assert posts(found) == [*ids(4_000), *ids(4_000)]
    [left_out] = [item for item in found if not isinstance(item, Post)]
    assert isinstance(left_out, Skipped)
    assert (left_out.reason, left_out.where) == ("other_file", f"{tmp_path}/archive.bin!a/oku.txt")


def test_a_name_may_be_as_long_as_it_likes(tmp_path: Path) -> None:
    name = "ş" * 200 + "/x.jsonl"
    line = LINES[: LINES.index(b"\n") + 1] + b"bozuk\n"
    for form in (tarfile.PAX_FORMAT, tarfile.GNU_FORMAT):
        [_, rejected] = items(tmp_path, tarred({name: line}, form))
        assert isinstance(rejected, Rejected)
        assert rejected.where == f"{tmp_path}/archive.bin!{name}:2"


@pytest.mark.parametrize("pack", [tarred, zipped, streamed_zip])
def test_an_archive_in_an_archive_is_opened_and_there_is_an_end_to_it(
    tmp_path: Path, pack: Callable[[dict[str, bytes]], bytes]
) -> None:
    line = LINES[: LINES.index(b"\n") + 1]
    archive = pack({"x.jsonl": line})
    for _ in range(2):
        archive = pack({"in.zip": archive, "beside.jsonl": line})
    assert posts(items(tmp_path, archive)) == ["a:0"] * 3

    [deep, beside] = items(tmp_path, pack({"in.zip": archive, "beside.jsonl": line}))[-2:]
    assert isinstance(beside, Post)
    assert isinstance(deep, (Rejected, Post))


@pytest.mark.parametrize("pack", [zipped, streamed_zip, tarred, lambda files: gzip.compress(tarred(files))])
def test_an_archive_that_is_cut_off_gives_what_is_whole(
    tmp_path: Path, pack: Callable[[dict[str, bytes]], bytes]
) -> None:
    archive = pack({"1.jsonl": LINES, "2.jsonl": LINES})
    found = items(tmp_path, archive[: int(len(archive) * 0.75)])
    assert posts(found)[:4_000] == ids(4_000)
    assert 1_000 < len(posts(found)[4_000:]) < 4_000
    assert posts(found)[4_000:] == ids(len(posts(found)) - 4_000)
    assert [item.reason for item in found if isinstance(item, Rejected)] == ["broken_off"]


def test_a_file_of_a_zip_that_is_broken_costs_itself_only(tmp_path: Path) -> None:
    archive = bytearray(zipped({"1.jsonl": LINES, "2.jsonl": LINES}))
    archive[len(archive) // 4] ^= 0xFF
    found = items(tmp_path, bytes(archive))
    assert posts(found)[-4_000:] == ids(4_000)
    broken = [item.where for item in found if isinstance(item, Rejected) and item.reason == "broken_off"]
    assert broken == [f"{tmp_path}/archive.bin!1.jsonl"]


@pytest.mark.parametrize("pack", [zipped, lambda files: gzip.compress(zipped(files))])
def test_an_encrypted_zip_says_so(tmp_path: Path, pack: Callable[[dict[str, bytes]], bytes]) -> None:
    archive = encrypted(zipped({"1.jsonl": LINES}))
    [item] = items(tmp_path, archive if pack is zipped else gzip.compress(archive))
    assert isinstance(item, Rejected)
    assert (item.reason, "encrypted" in item.detail, "password" in item.detail) == (
        "not_unpacked",
        True,
        True,
    )


@pytest.mark.parametrize(
    ("begins", "told"),
    [(b"7z\xbc\xaf\x27\x1c", "7z"), (b"Rar!\x1a\x07\x00", "RAR"), (b"\x04\x22\x4d\x18", "lz4")],
)
def test_what_is_packed_in_a_foreign_way_is_told(tmp_path: Path, begins: bytes, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        items(tmp_path, begins + bytes(100), "x.jsonl")


def test_a_folder_is_told_and_what_to_write_instead(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"it is a folder. Pass the files in it: .*/\*"):
        open_source(str(tmp_path), None)


@pytest.mark.parametrize("data", [b"", b"\n \n", gzip.compress(b"", mtime=0)])
def test_a_file_with_nothing_in_it_says_so(tmp_path: Path, data: bytes) -> None:
    [item] = items(tmp_path, data, "x.jsonl")
    assert isinstance(item, Rejected)
    assert item.reason == "no_posts"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-8-sig"])
def test_text_that_says_its_encoding_is_read_in_it(tmp_path: Path, encoding: str) -> None:
    mark = "\ufeff" if encoding.endswith(("le", "be")) else ""
    line = '{"id":"a:1","source":"a","created_at_ms":1683828000000,"text":"Seçim 🗳"}\n'
    for data in ((mark + line).encode(encoding), gzip.compress((mark + line).encode(encoding))):
        [post] = items(tmp_path, data, "x.jsonl")
        assert isinstance(post, Post)
        assert post.text == "Seçim 🗳"


@given(st.binary(max_size=300), st.sampled_from([b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b", b"BZh9"]))
def test_any_bytes_behind_any_magic_end_in_items(data: bytes, magic: bytes) -> None:
    from tempfile import NamedTemporaryFile

    with NamedTemporaryFile(suffix=".jsonl") as file:
        file.write(magic + data)
        file.flush()
        assert list(read([open_source(file.name, "jsonl")]))
