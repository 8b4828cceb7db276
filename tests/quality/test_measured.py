"""What is said of the lexicon's quality is said of the lexicon that ships, and everywhere the same."""

from pathlib import Path

import msgspec
import pytest

from sandik.lexicon_tools.measured import last_measured, measured
from tests.quality import readme
from tests.quality.language import Quality as LanguageQuality
from tests.quality.language_report import told_to_readers as language_told_to_readers
from tests.quality.terms import Quality
from tests.quality.terms_report import as_markdown, told_to_readers
from tests.support.loaded import built_in

ROOT = Path(__file__).parents[2]
AGAIN = "make eval-terms writes it again"


@pytest.fixture(scope="module")
def quality() -> Quality:
    return msgspec.json.decode((ROOT / "docs" / "terms.json").read_bytes(), type=Quality)


def test_the_figures_are_those_of_the_built_in_lexicon(quality: Quality) -> None:
    assert quality.lexicon_version == built_in().version, AGAIN


def test_all_that_tells_of_the_figures_tells_the_same(quality: Quality) -> None:
    assert (ROOT / "docs" / "terms.md").read_text("utf-8") == as_markdown(quality), AGAIN
    measured = ROOT / "streams" / "sandik" / "lexicon" / "measured.json"
    assert measured.read_bytes() == told_to_readers(quality), AGAIN


def test_so_does_all_that_tells_of_the_detector() -> None:
    quality = msgspec.json.decode((ROOT / "docs" / "language.json").read_bytes(), type=LanguageQuality)
    measured = ROOT / "streams" / "sandik" / "lexicon" / "measured_detector.json"
    assert measured.read_bytes() == language_told_to_readers(quality), "make eval-language writes it again"


def test_the_readme_has_the_figures_that_were_measured_last() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    assert text == readme.written_into(text), "make eval-terms and make eval-language write them again"
    assert "| `election`, precision |" in text


def test_another_lexicon_was_not_measured() -> None:
    last = last_measured()
    assert measured(last.lexicon_version) == last.figures != ()
    assert measured("lex-0123456789ab") == measured("") == ()
