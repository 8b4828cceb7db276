"""Twice the text takes twice the steps: no record of a megabyte holds up a partition, and so a worker.

Instructions of Python, as in `test_cost.py`. Where C does the work (a regular expression, a parser of HTML),
a text is so long that what grows with its square would not end within the test's time.
"""

from collections.abc import Callable
from string import ascii_lowercase

import pytest

from sandik.counting.job import Job
from sandik.counting.tags import Tagger, load_tagger
from sandik.counting.tags.cut_words import CutWords, in_order
from sandik.counting.tags.models import Model
from sandik.counting.tags.weighing import Models, Ranked
from sandik.ingest.decoding.frames import without_assignment
from sandik.ingest.decoding.markup import html_to_text
from sandik.ingest.formats.row import read_row
from sandik.ingest.formats.table import Plan, TableOptions, plan
from sandik.ingest.items import Rejected
from sandik.lexicon_tools.explain import explain
from sandik.run_identity import load_job
from sandik.settings import Settings
from tests.cost.instructions import executed
from tests.support.lexicons import write_lexicon

#: Twice as much, and a little for what is done once.
TWICE = 2.2
SHORT = 200
#: Repeated, each makes a text in which forms of the lexicon stand all over: as words, in hashtags of their
#: own, in one hashtag, inside words, glued to others, with letters in between that part words and are none.
FLOODS = {
    "hashtags": ("", "#SeçimDeepfake"),
    "hashtags with spaces": ("", "#SeçimDeepfake "),
    "one hashtag": ("#", "SeçimDeepfake"),
    "one hashtag, small letters": ("#", "seçimdeepfake"),
    "one hashtag of glued forms": ("#", "xseçimʼ"),
    "one hashtag of digits": ("#", "seçim1"),
    "glued forms in hashtags": ("", "#xseçim "),
    "words": ("", "deepfake seçim "),
    "one word": ("", "seçim"),
    "a word that is a trap when it comes again": ("", "oy "),
    "a word that needs another beside it": ("", "montaj "),
    "links": ("", "https://x.com/seçim "),
    "one link": ("https://", "seçim/"),
    "names": ("", "@seçim "),
}


#: The same for conditions: hits and members that stand all over, near each other or never.
RULES = """
[[words]]
name = "made"
language = "tr"
forms = ["üret*", "yapıl*"]

[[term]]
language = "tr"
lemma = "film"
match = "ai NEAR/9 video NEAR/9 {made}"
unless = "NEAR/3 ödev* OR okul"

[[term]]
language = "tr"
lemma = "aday"
near = "chp OR NEAR/2 {made}"
unless = "NEAR/5 (memur OR film NEAR/4 dizi) OR jüri"
"""
RULE_FLOODS = {
    "all there": "ai video üretildi ",
    "in one hashtag": "#AiVideoÜretildi",
    "never together": "ai bir iki üç dört beş altı yedi sekiz dokuz on video ",
    "one member": "video ",
    "the first member": "ai ",
    "hits alone": "aday ",
    "hits that hold": "aday chp ",
    "vetoes": "aday memur film dizi ",
    "one word of all": "aichpadayvideo",
}


def assert_linear(run: Callable[[str], object], before: str, unit: str) -> None:
    once, twice = (executed(lambda: run(before + unit * count)) for count in (SHORT, 2 * SHORT))  # noqa: B023
    assert twice <= TWICE * once


@pytest.fixture(scope="module")
def job() -> Job:
    return load_job(Settings())


@pytest.mark.parametrize(("before", "unit"), FLOODS.values(), ids=FLOODS)
def test_finding_terms(before: str, unit: str) -> None:
    load_tagger().terms([before + unit], ["tr"])  # fills the tables of characters
    assert_linear(lambda text: load_tagger().terms([text], ["tr"]), before, unit)


@pytest.mark.parametrize(("before", "unit"), FLOODS.values(), ids=FLOODS)
def test_explaining_terms(job: Job, before: str, unit: str) -> None:
    explain(before + unit, job)
    assert_linear(lambda text: explain(text, job), before, unit)


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> Tagger:
    return load_tagger(write_lexicon(tmp_path_factory.mktemp("rules"), fake=RULES))


@pytest.mark.parametrize("unit", RULE_FLOODS.values(), ids=RULE_FLOODS)
def test_asking_for_conditions(rules: Tagger, unit: str) -> None:
    rules.terms([unit], ["tr"])
    assert_linear(lambda text: rules.terms([text], ["tr"]), "", unit)
    assert_linear(lambda text: rules.verdicts(text, "tr"), "", unit)


@pytest.mark.timeout(60)
@pytest.mark.parametrize("unit", RULE_FLOODS.values(), ids=RULE_FLOODS)
def test_a_megabyte_that_asks_for_conditions(rules: Tagger, unit: str) -> None:
    rules.terms([unit * (1_000_000 // len(unit))], ["tr"])


@pytest.mark.timeout(60)
def test_a_hashtag_of_a_megabyte_is_never_copied() -> None:
    """Once for each of the forms in it, that would be two hundred thousand times."""
    text = "#" + "SeçimDeepfake" * 100_000
    [terms] = load_tagger().terms([text], ["tr"])

    assert len(terms) == 200_000


def test_a_cut_word_that_comes_again_is_looked_up_once() -> None:
    """There are forms that begin like it, all of them too long: each has to be passed over."""
    forms = [f"deepfa{one}{other}ke" for one in ascii_lowercase for other in ascii_lowercase]
    cut = CutWords(in_order(forms, range(len(forms)), len(forms), [0] * len(forms)))
    once, often = (executed(lambda: cut.find(["deepfa… " * count])) for count in (1, SHORT))  # noqa: B023

    assert often <= 2 * once


@pytest.mark.timeout(10)
def test_a_megabyte_of_signs_behind_a_word_that_is_weighed() -> None:
    model = Model("fake", "tr", "words", least=1, most_characters=999_999, weights={"oy": 1})
    text = "bir iki üç dört beş oy" + "!" * 900_000 + "\U0001f600"

    found = Models([Ranked(0, model)]).found([text] * 3, ["tr"] * 3)

    assert [*found.values()] == [[(20, 22, 0)]] * 3


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "unit",
    ["<br ", "<hr ", "</p ", "<div>", "<ul><li>", "<b></p>", "<option>x", "<i><p>", "<a>", "<!--", "<p>"],
)
def test_html_whatever_it_is(unit: str) -> None:
    html_to_text("<select>" + unit * 100_000)
    html_to_text("<a><a><a>" + unit * 100_000 + "</a>" * 100_000)


@pytest.mark.timeout(60)
def test_a_tag_of_very_many_attributes() -> None:
    attributes = " ".join(f"a{number}" for number in range(200_000))

    assert html_to_text(f"<p>Oy <b {attributes}>ver</b></p>") == "Oy ver"


def test_what_no_author_nests_is_read_without_its_tags_as_what_one_does_is() -> None:
    for levels in (100, 10_000):
        html = "<div>" * levels + "Seçim &amp; oy<br>ver" + "</div>" * levels
        assert html_to_text(html) == "Seçim & oy\nver"


@pytest.mark.timeout(60)
@pytest.mark.parametrize("text", [b"window.a" + b" " * 1_000_000, b"window." + b"a." * 500_000])
def test_an_assignment_that_is_none(text: bytes) -> None:
    assert without_assignment(text) == text


def test_a_time_of_very_many_digits_is_no_time() -> None:
    how: Plan = plan(["id", "created_at", "text"], TableOptions(), "t")
    item = read_row(["1", "1" * 100_000, "oy"], 1, how)

    assert isinstance(item, Rejected)
