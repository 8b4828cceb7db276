"""The pictures of a report: each of the figures that it names, whatever a file says for a language."""

import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sandik.report.pictures import write_pictures
from tests.report.builders import Posts, report_from

HOUR: Posts = {
    (minute, language, tag): posts
    for minute in range(0, 60, 5)
    for language in ("tr", "ru")
    for tag, posts in (("all", 40), ("election", 20), ("both", 5))
}
#: Colours of the election's posts, of those that speak of deepfakes, too, and of the line of shares.
GREY, ORANGE, BLUE = (195, 203, 214), (194, 75, 0), (0, 103, 165)


def drawn(posts: Posts, folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in write_pictures(report_from(posts), folder)}


def points(folder: Path) -> Any:
    """Return red, green and blue of every point of the picture of all languages."""
    from matplotlib.image import imread  # loads for half a second, which no other process needs

    return np.rint(imread(folder / "share.png")[:, :, :3] * 255).astype(np.int64)


def area(folder: Path, color: tuple[int, int, int]) -> int:
    return int((points(folder) == color).all(axis=2).sum())


def test_each_is_a_png_of_the_size_of_a_slide(tmp_path: Path) -> None:
    pictures = drawn(HOUR, tmp_path)

    assert list(pictures) == ["share.png", "share-ru.png", "share-tr.png"]
    for picture in pictures.values():
        assert picture.startswith(b"\x89PNG\r\n\x1a\n")
        assert struct.unpack(">II", picture[16:24]) == (1600, 800)
    assert not list(tmp_path.glob(".*"))


def test_the_same_figures_give_the_same_bytes_and_others_do_not(tmp_path: Path) -> None:
    once, twice = drawn(HOUR, tmp_path / "a"), drawn(HOUR, tmp_path / "b")
    other = drawn({**HOUR, (30, "tr", "both"): 6}, tmp_path / "c")

    assert once == twice
    assert {name for name in once if once[name] != other[name]} == {"share.png", "share-tr.png"}


@pytest.mark.parametrize("share", [5, 10, 15])
def test_the_bars_are_as_high_as_the_posts(tmp_path: Path, share: int) -> None:
    posts = {at: share if at[2] == "both" else count for at, count in HOUR.items()}
    drawn(posts, tmp_path)
    grey, orange = area(tmp_path, GREY), area(tmp_path, ORANGE)

    assert orange / (grey + orange) == pytest.approx(share / 20, abs=0.03)


def test_the_line_is_as_high_as_the_share(tmp_path: Path) -> None:
    """Shares of 25 and 50 % are drawn up to 50 %, one of 75 % up to 100 %."""
    rows = {}
    for both in (5, 10, 15):
        drawn({at: both if at[2] == "both" else count for at, count in HOUR.items()}, tmp_path)
        is_line = (abs(points(tmp_path) - BLUE) < 12).all(axis=2)
        rows[both] = float(np.median(np.flatnonzero(is_line.any(axis=1))))

    assert rows[10] < rows[15] < rows[5]
    assert rows[15] == pytest.approx((rows[5] + rows[10]) / 2, abs=3)


def test_without_posts_about_the_election_there_is_none(tmp_path: Path) -> None:
    assert drawn({(0, "tr", "all"): 3}, tmp_path) == {}


def test_a_language_that_is_no_language_is_text_and_stays_in_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    pictures = drawn({(0, r"../$\frac$", "all"): 3, (0, r"../$\frac$", "election"): 3}, folder)

    assert list(pictures) == ["share.png", "share-..%2F%24%5Cfrac%24.png"]
    assert list(tmp_path.iterdir()) == [folder]
