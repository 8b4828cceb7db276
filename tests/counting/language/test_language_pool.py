"""Laws of the parts of the default detector: sieve, voices, words, and what is left without wheels."""

import os
import random
import subprocess
import sys
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandik.counting.language import Detector, Language, load_detector
from sandik.counting.language.cleaning import clean
from sandik.counting.language.common_words import folded_words, load_words
from sandik.counting.language.decision import UNDECIDED
from sandik.counting.language.ensemble import Pool, load_weights
from sandik.counting.language.latin_russian import in_cyrillic
from sandik.counting.language.letter_evidence import Letters
from sandik.counting.language.scores import LENGTHS, VOICES, Voices, load_voices
from sandik.counting.language.sieve import Sieve, load_pair
from tests.counting.language.test_language import CLEAR, HOSTILE
from tests.support.examples import examples
from tests.support.loaded import detector


@cache
def voices_heard() -> Voices:
    return load_voices(*load_pair())


@cache
def pool() -> Pool:
    return Pool(voices_heard(), load_weights())


LETTERS = Letters()
SHORT = ["secim", "бу китоб", "ez im", "lol", "кой", "da", "ну да", "haha ok", "یک", "中文", "ქართული"]

letters_of_all = st.text("abçğışöüqwxñýžäəêîûабвгдеёжзиіїєўјњәғқңөұүһ ابتپچ的あ한ქע", min_size=3, max_size=80)


def words_of(text: str) -> str:
    [cleaned] = clean([text])
    return cleaned


@pytest.mark.parametrize("missing", ["eldc", "pycld2"])
def test_without_a_wheel_the_rest_answers_under_a_version_of_its_own(
    missing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_wheels = detector().version
    monkeypatch.setitem(sys.modules, missing, None)  # Python's way to say that there is no such module
    portable = load_detector()
    kind, *models = portable.version.split(":")
    assert kind.startswith("portable-")
    assert models == with_wheels.split(":")[3:]
    assert [answer.code for answer in portable.detect([text for _, text in CLEAR])] == [
        code for code, _ in CLEAR
    ]


def test_without_wheels_a_batch_answers_like_its_texts_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "eldc", None)
    assert_same_in_any_batch(load_detector())


def test_short_texts_answer_in_a_batch_as_alone() -> None:
    assert_same_in_any_batch(detector())


def assert_same_in_any_batch(detector: Detector) -> None:
    texts = [text[:n] for _, text in CLEAR for n in (4, 7, 12, 20, 60)] + HOSTILE + SHORT
    one_by_one = {text: detector.detect([text])[0] for text in texts}
    random.Random(3).shuffle(texts)
    assert detector.detect(texts * 3) == [one_by_one[text] for text in texts * 3]


def test_settings_that_others_make_in_eld_change_no_answer() -> None:
    eldc = pytest.importorskip("eldc")
    texts = [text for _, text in CLEAR] + SHORT
    before = detector().detect(texts)
    try:
        eldc.set_languages(["en"])
        eldc.set_scheme("iso639-2t")
        eldc.set_scores(1)
        assert detector().detect(texts) == before
        assert load_detector().detect(texts) == before
    finally:
        eldc.set_languages([])
        eldc.set_scheme("iso639-1")
        eldc.set_scores(3)


@examples(200)
@given(st.lists(letters_of_all, min_size=1, max_size=4))
def test_probabilities_are_probabilities(texts: list[str]) -> None:
    cleaned = [text for text in clean(texts) if text]
    if not cleaned:
        return
    probabilities, _ = pool().judge(cleaned, LETTERS.marks(cleaned))
    assert probabilities.shape == (len(voices_heard().codes), len(cleaned))
    assert (probabilities >= 0).all()
    assert probabilities.sum(axis=0) == pytest.approx(1)


@examples(200)
@given(st.lists(letters_of_all, min_size=1, max_size=4))
def test_no_answer_is_given_that_is_likelier_wrong_than_right_by_two_to_one(texts: list[str]) -> None:
    for answer in detector().detect(texts):
        assert answer.confidence == 0 or answer.confidence >= UNDECIDED


class Deaf:
    """Says what it is told to say, whatever the text."""

    def __init__(self, code: str, is_reliable: bool = True) -> None:
        self.code, self.is_reliable = code, is_reliable

    @property
    def names(self) -> tuple[str, ...]:
        return (self.code,)

    def detect_quickly(self, _text: str) -> "Deaf":
        return self

    @property
    def language(self) -> str:
        return self.code

    @property
    def reliable(self) -> bool:
        return self.is_reliable

    def best(self, _text: str) -> str:
        return self.code


SURE = ((0.9,) * (len(LENGTHS) + 1),) * 2


@given(letters_of_all, st.sampled_from(sorted(LETTERS.alien)), st.booleans())
def test_the_sieve_settles_no_text_with_a_letter_that_the_language_lacks(
    text: str, code: str, is_reliable: bool
) -> None:
    cleaned = words_of(text) or "a"
    deaf = Deaf(code, is_reliable)
    marks = LETTERS.marks([cleaned])
    [answer] = Sieve(deaf, deaf, LETTERS, SURE).settled([cleaned], marks)  # type: ignore[arg-type]
    if int(marks[0]) & LETTERS.alien[code]:
        assert answer is None
    assert answer in (None, Language(code, 0.9))


@pytest.mark.parametrize("code", ["sr", "hr", "bs", "sl"])
def test_the_sieve_leaves_to_the_pool_what_eld_cannot_tell_apart(code: str) -> None:
    deaf = Deaf(code)
    text = "a" * 200
    assert Sieve(deaf, deaf, LETTERS, SURE).settled([text], LETTERS.marks([text])) == [None]  # type: ignore[arg-type]


def test_the_sieve_leaves_to_the_pool_what_is_in_two_scripts() -> None:
    deaf = Deaf("ru")
    texts = ["уберите руки от elinizi çekin diyorum", "уберите руки от нашего государства"]
    mixed, plain = Sieve(deaf, deaf, LETTERS, SURE).settled(texts, LETTERS.marks(texts))  # type: ignore[arg-type]
    assert mixed is None
    assert plain is not None


def test_a_language_that_a_voice_does_not_know_keeps_its_chance() -> None:
    """ELD knows no Kazakh and takes it for Russian, Ukrainian or Belarusian; the others outvote it."""
    [answer] = detector().detect(["Кеңес әскері қатарына шақырылған"])
    assert answer.code == "kk"


@given(st.sampled_from([text for _, text in CLEAR] + SHORT), st.integers(0, 40))
def test_words_are_found_with_or_without_their_marks(text: str, length: int) -> None:
    cleaned = words_of(text[:length])
    bare = " ".join(folded_words(cleaned))
    assert load_words().shares(cleaned) == load_words().shares(bare)


@given(st.text("abdeiklnoşç '-да нетy", max_size=60))
def test_shares_of_words_are_shares(text: str) -> None:
    shares, divided = load_words().shares(words_of(text))
    assert shares.keys() == divided.keys()
    for code, share in shares.items():
        assert 0 < divided[code] <= share + 1e-9 <= 1 + 2e-9
    assert sum(divided.values()) <= 1 + 1e-9


def test_every_listed_word_is_found_in_its_language() -> None:
    for code in load_words().codes:
        assert code in {*voices_heard().rows}


@given(st.text("abcdefghijklmnopqrstuvwxyz '", max_size=60))
def test_put_into_cyrillic_no_latin_letter_is_left(text: str) -> None:
    assert not set("abcdefghijklmnopqrstuvwxyz") & set(in_cyrillic(text))


@given(st.text("абвгдезиклмнопрстуф ", max_size=60))
def test_what_is_in_cyrillic_stays(text: str) -> None:
    assert in_cyrillic(text) == text


def test_weights_are_for_each_voice_and_length() -> None:
    weights = load_weights()
    for kind in ("all", "portable"):
        for voice in VOICES:
            assert len(weights[kind]["first"][voice]) == len(LENGTHS) + 1
    for shares in weights["sure"].values():
        assert 0 < min(shares) <= max(shares) <= 1


ASK = """
import sys
from sandik.counting.language import load_detector
detector = load_detector()
print(detector.version, detector.detect(sys.argv[1:]))
"""


def test_every_process_gives_the_same_answers() -> None:
    texts = [text for _, text in CLEAR] + SHORT
    expected = f"{detector().version} {detector().detect(texts)}"
    for seed in ("1", "2"):
        command = [sys.executable, "-c", ASK, *texts]
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONIOENCODING": "utf-8"}
        told = subprocess.run(command, env=environment, capture_output=True, check=True, encoding="utf-8")
        assert told.stdout.strip() == expected
