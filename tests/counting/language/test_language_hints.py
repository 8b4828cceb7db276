"""`lang_hint` is a prior: heard where the text cannot decide, and only if it names a language."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sandik.counting.language import UNDETERMINED, Hints, Language
from sandik.counting.language.fasttext.model import load_fasttext_model
from sandik.counting.language.hints import DECIDED, hinted_code, with_hint
from sandik.counting.state import PartitionState
from tests.laws.cut_logs import Record
from tests.support.examples import examples
from tests.support.loaded import detector
from tests.support.stubs import FirstWord, a_job

KNOWN = load_fasttext_model().codes
DECIDED_TEXTS = [
    "Yarın sandık başına gidiyoruz",
    "Завтра идём на выборы",
    "We are going to vote on Sunday",
    "سنذهب يوم الأحد للتصويت",
]
UNDECIDED = "secim sandigi"

any_hint = st.one_of(st.none(), st.text(max_size=15), st.sampled_from(KNOWN))


def detect(text: str, hint: str | None) -> Language:
    [answer] = detector().detect([text], [hint])
    return answer


@examples(200)
@given(st.sampled_from(DECIDED_TEXTS), any_hint)
@example("Bakı İstanbul", "tr")
@example("друзі і друзья", "be")
def test_no_hint_changes_a_text_that_decides(text: str, hint: str | None) -> None:
    assert detect(text, hint) == detect(text, None)


def test_a_hint_decides_where_the_text_cannot() -> None:
    assert detect(UNDECIDED, None).code != "tr"
    assert detect(UNDECIDED, None).confidence < DECIDED
    assert detect(UNDECIDED, "tr").code == "tr"


def test_a_hint_that_the_text_speaks_against_is_not_taken() -> None:
    unsure = detect("ну да", None)
    assert unsure.confidence < DECIDED
    assert detect("ну да", "tr") == unsure


@given(st.floats(0, 0.49), st.sampled_from(["tr", "az", "en", "ku", "uz"]))
def test_a_hint_in_its_script_beats_any_answer_below_one_half(chance: float, code: str) -> None:
    assert with_hint("kanka", code, 0.0) > chance


@given(st.floats(0, 1), st.floats(0, 1), st.sampled_from(["kanka", "да"]))
def test_the_likelier_a_hinted_language_was_the_likelier_it_becomes(
    one: float, other: float, text: str
) -> None:
    one, other = sorted((one, other))
    assert one <= with_hint(text, "tr", one) <= with_hint(text, "tr", other) <= 1


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("evet", "tr"),
        ("helal olsun", "tr"),
        ("vallahi", "tr"),
        ("kanka", "tr"),
        ("eyvallah abi", "tr"),
        ("yok artik", "tr"),
        ("inşallah", "az"),
        ("sağol", "az"),
        ("да не", "ru"),
        ("да не", "bg"),
        ("ну да", "ru"),
        ("да ладно", "ru"),
        ("так", "uk"),
        ("non", "fr"),
    ],
)
def test_everyday_replies_are_in_the_language_of_their_hint(text: str, hint: str) -> None:
    assert detect(text, hint).code == hint


def test_a_hint_does_not_make_a_reply_of_words_it_has_not() -> None:
    assert detect("teşekkürler", "en") == detect("teşekkürler", None)
    assert detect("привет всем", "tr") == detect("привет всем", None)


def test_a_word_too_short_to_judge_takes_a_hint_in_its_script() -> None:
    assert detect("да", None) == detect("да", "tr") == UNDETERMINED
    assert detect("да", "ru").code == "ru"
    assert detect("oy", "tr").code == "tr"
    assert detect("oy", "ru") == UNDETERMINED


@pytest.mark.parametrize("text", ["", "😀😀", "https://t.co/AbC", "@ali_veli", "12:30", "'", "\u0301\u0301"])
def test_without_a_letter_there_is_no_language_hint_or_not(text: str) -> None:
    assert detect(text, "tr") == detect(text, None) == UNDETERMINED


@examples(300)
@given(st.sampled_from([UNDECIDED, "да", "lol", "haha"]), st.text(max_size=15))
@example("lol", "x" * 100_000)
@example("lol", "Turkish")
@example("lol", "qme")
@example("lol", "und")
def test_no_hint_brings_a_code_that_the_model_has_not(text: str, hint: str) -> None:
    answer = detect(text, hint)
    assert answer.code in {*KNOWN, UNDETERMINED.code}
    if hinted_code(hint, KNOWN) is None:
        assert answer == detect(text, None)


def test_hints_are_understood_as_networks_write_them() -> None:
    theirs = ["tr", "TR", "pt-BR", "zh_Hans", "zh-cn", "in", "iw", "nb", " ru ", "ckb", "fil"]
    ours = ["tr", "tr", "pt", "zh", "zh", "id", "he", "no", "ru", "ku", "tl"]
    assert [hinted_code(hint, KNOWN) for hint in theirs] == ours
    assert [hinted_code(hint, KNOWN) for hint in (None, "", "-", "und", "tur", "x-klingon", "т")] == [
        None
    ] * 7


def test_hints_belong_to_their_texts_in_any_batch() -> None:
    texts = [UNDECIDED, "да", "", "lol", *DECIDED_TEXTS] * 100
    hints = [("tr", "ru", None, "x5", "en")[index % 5] for index in range(len(texts))]
    assert detector().detect(texts, hints) == [detect(*pair) for pair in zip(texts, hints, strict=True)]


class Hinted(FirstWord):
    """Takes the hint for the language."""

    def detect(self, texts: Sequence[str], hints: Hints | None = None) -> list[Language]:
        assert hints is not None
        assert len(texts) == len(hints)
        return [Language(hint or "und", 1.0) for hint in hints]


def test_the_hint_of_a_post_reaches_the_detector() -> None:
    job = replace(a_job(), detector=Hinted())
    posts = [
        b'{"id":"t:%d","source":"t","created_at_ms":1683800040000,"text":"oy"%s}' % post
        for post in (
            (1, b',"lang_hint":"tr"'),
            (2, b""),
            (3, b',"lang_hint":"ru"'),
            (4, b',"lang_hint":null'),
        )
    ]
    records = [Record(offset, 1683800040000, value) for offset, value in enumerate(posts)]
    [window] = job.count(PartitionState.empty("run-1", 0), records).changes.windows
    assert {"tr", "ru", "und"} == set(window.counts)
