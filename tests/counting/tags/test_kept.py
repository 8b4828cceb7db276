"""A lexicon kept ready: what is wrong or old is never used, and nothing depends on its being there."""

import hashlib
import os
from pathlib import Path
from types import ModuleType

import pytest

from sandik.counting.native import NATIVE
from sandik.counting.tags import LexiconError, kept, load_tagger, loading
from sandik.counting.tags.kept import file_of
from sandik.counting.tags.layers import read_layers
from sandik.counting.tags.lexicon import load_lexicon
from tests.support.lexicons import write_lexicon

TERM = '[[term]]\nlanguage = "tr"\nlemma = "{}"\n'


@pytest.fixture(autouse=True, params=["compiled", "python"])
def native(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> ModuleType | None:
    """The compiled part, and none."""
    module = NATIVE if request.param == "compiled" else None
    if request.param == "compiled" and module is None:
        pytest.skip("there is no compiled part: run `make native`")
    monkeypatch.setattr(loading, "NATIVE", module)
    return module


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where lexicons are kept; small ones, too."""
    monkeypatch.setattr(kept, "LEAST_BYTES", 0)
    monkeypatch.setenv("SANDIK_CACHE_DIR", str(tmp_path / "kept"))
    return tmp_path / "kept" / "lexicons"


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every lexicon that is read from its own files."""
    found: list[str] = []

    def load(lexicon: str) -> object:
        found.append(lexicon)
        return load_lexicon(lexicon)

    monkeypatch.setattr(loading, "load_lexicon", load)
    return found


@pytest.fixture
def lexicon(tmp_path: Path) -> Path:
    return write_lexicon(tmp_path / "own", fake=TERM.format("film"))


def lemmas(lexicon: Path, text: str = "film montaj") -> list[str]:
    [terms] = load_tagger(lexicon).terms([text], ["tr"])
    return [term.term for term in terms]


def test_is_read_once_and_then_kept(lexicon: Path, folder: Path, reads: list[str]) -> None:
    assert lemmas(lexicon) == lemmas(lexicon) == ["film"]

    assert reads == [str(lexicon)]
    assert [file.suffix for file in folder.iterdir()] == [".ready"]


def test_a_changed_lexicon_is_read_again(lexicon: Path, reads: list[str]) -> None:
    assert lemmas(lexicon) == ["film"]
    write_lexicon(lexicon, fake=TERM.format("montaj"))

    assert lemmas(lexicon) == ["montaj"]
    assert len(reads) == 2


def test_an_upgrade_while_a_process_runs_gets_nothing_of_what_that_makes(
    lexicon: Path, tmp_path: Path, native: ModuleType | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = file_of(read_layers(str(lexicon)), native)
    upgraded = tmp_path / "upgraded" / "kept.py"
    upgraded.parent.mkdir()
    upgraded.write_text("# The files are of a later version than the code that runs.")
    monkeypatch.setattr(kept, "__file__", str(upgraded))

    assert file_of(read_layers(str(lexicon)), native) == before


def test_a_lexicon_that_changes_while_it_is_read_is_not_kept(
    lexicon: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def changed(name: str) -> object:
        write_lexicon(lexicon, fake=TERM.format("montaj"))
        return load_lexicon(name)

    monkeypatch.setattr(loading, "load_lexicon", changed)

    assert lemmas(lexicon) == ["montaj"]
    assert not folder.exists()


@pytest.mark.parametrize("damage", ["cut short", "one bit", "empty", "foreign"])
def test_a_damaged_file_is_made_again(lexicon: Path, folder: Path, reads: list[str], damage: str) -> None:
    lemmas(lexicon)
    [file] = folder.iterdir()
    whole = file.read_bytes()
    foreign = hashlib.sha256(b"\x93abc").digest() + b"\x93abc"
    other = whole[:-9] + bytes([whole[-9] ^ 1]) + whole[-8:]
    file.write_bytes({"cut short": whole[:-1], "one bit": other, "empty": b"", "foreign": foreign}[damage])

    assert lemmas(lexicon) == ["film"]

    assert len(reads) == 2
    assert file.read_bytes() == whole


def test_where_nothing_can_be_written_nothing_is_kept(lexicon: Path, folder: Path) -> None:
    folder.parent.mkdir()
    folder.write_text("no folder")

    assert lemmas(lexicon) == ["film"]

    assert folder.read_text() == "no folder"


@pytest.mark.parametrize(
    ("of", "mode"), [("folder", 0o702), ("folder", 0o720), ("file", 0o602), ("file", 0o620)]
)
def test_what_others_can_write_to_is_not_used(
    lexicon: Path, folder: Path, reads: list[str], of: str, mode: int
) -> None:
    assert lemmas(lexicon) == ["film"]
    for one in [folder] if of == "folder" else folder.iterdir():
        one.chmod(mode)

    assert lemmas(lexicon) == ["film"]

    assert len(reads) == 2


def test_the_files_used_last_stay(
    tmp_path: Path, folder: Path, native: ModuleType | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "MOST_FILES", 2)
    own = [write_lexicon(tmp_path / name, fake=TERM.format(name)) for name in ("film", "video", "montaj")]
    files = []
    for one in own:
        files.append(file_of(read_layers(str(one)), native))
        lemmas(one)
        lemmas(own[0])

    assert {*folder.iterdir()} == {files[0], files[2]}


def test_what_explains_is_of_the_same_lexicon_or_is_refused(lexicon: Path, native: ModuleType | None) -> None:
    load_tagger(lexicon)
    same, other = load_tagger(lexicon), load_tagger(lexicon)

    [verdict] = same.verdicts("film", "tr")
    assert verdict.refusal is None
    write_lexicon(lexicon, fake=TERM.format("montaj"))

    if native is None:  # nothing is left to read
        assert other.verdicts("film", "tr") == [verdict]
        return
    with pytest.raises(LexiconError, match="changed"):
        other.verdicts("film", "tr")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give a file away")
def test_a_file_of_another_user_is_not_used(lexicon: Path, folder: Path, reads: list[str]) -> None:
    assert lemmas(lexicon) == ["film"]
    for file in folder.iterdir():
        os.chown(file, 12345, -1)

    assert lemmas(lexicon) == ["film"]
    assert len(reads) == 2


def test_only_this_user_can_read_what_is_kept_whatever_the_umask(lexicon: Path, folder: Path) -> None:
    before = os.umask(0)
    try:
        lemmas(lexicon)
    finally:
        os.umask(before)

    assert [one.stat().st_mode & 0o777 for one in (folder, *folder.iterdir())] == [0o700, 0o600]


def test_a_file_that_moves_to_another_layer_is_another_lexicon(
    tmp_path: Path, native: ModuleType | None
) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    write_lexicon(first, fake=TERM.format("film"))
    write_lexicon(second, **{"fake.later": TERM.format("montaj"), "fake.more": TERM.format("video")})
    both = f"{first},{second}"
    before = file_of(read_layers(both), native)
    (second / "fake.later.toml").rename(first / "fake.later.toml")

    assert file_of(read_layers(both), native) != before


def test_which_texts_are_near_is_told_without_reading_it_again(lexicon: Path, reads: list[str]) -> None:
    load_tagger(lexicon)

    assert load_tagger(lexicon).near(["bu film", "bir şey", "#film"]) == {0, 2}
    assert len(reads) == 1
