"""What is remembered never changes an answer, and never grows."""

from collections.abc import Sequence
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from streams.steps.language import UNDETERMINED, Hints, Language
from streams.steps.repeats import Hinted, Repeats
from tests.support.stubs import a_job

batches = st.lists(st.lists(st.tuples(st.sampled_from("abcdef"), st.sampled_from([None, "tr", "ru"]))))


class Shout:
    """Answers with text and hint, and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[Hinted] = []

    def __call__(self, texts: Sequence[Hinted]) -> list[str]:
        self.asked += texts
        return [f"{text.upper()} {hint}" for text, hint in texts]


@given(batches, st.integers(1, 2_000))
def test_each_text_gets_the_answer_it_would_get_alone(
    asked: list[list[tuple[str, str | None]]], max_chars: int
) -> None:
    repeats = Repeats[str](max_chars)

    for texts in asked:
        assert repeats.answers(texts, Shout()) == Shout()(texts)


def test_a_text_is_worked_out_once_however_often_it_comes() -> None:
    shout = Shout()
    repeats = Repeats[str]()

    for _ in range(3):
        repeats.answers([("a", None), ("b", "tr"), ("a", None), ("a", "tr")], shout)

    assert shout.asked == [("a", None), ("b", "tr"), ("a", "tr")]


def test_a_text_that_keeps_coming_is_never_forgotten_and_the_others_are() -> None:
    shout = Shout()
    repeats = Repeats[str](max_chars=1_000)

    for number in range(1_000):
        repeats.answers([("again", None), (f"text {number}", None)], shout)

    assert shout.asked.count(("again", None)) == 1
    assert len(repeats) < 30


def test_one_long_text_makes_room_like_many_short_ones() -> None:
    repeats = Repeats[str](max_chars=1_000)

    for number in range(20):
        repeats.answers([(f"{number}" * 10_000, None)], Shout())

    assert len(repeats) <= 1


def test_a_job_with_another_detector_remembers_nothing_of_the_old_one() -> None:
    job = a_job()
    assert job.annotate(["tr seçim"])[0].language.code == "tr"

    assert replace(job, detector=Silent()).annotate(["tr seçim"])[0].language == UNDETERMINED


class Silent:
    version = "silent-1"

    def detect(self, texts: Sequence[str], hints: Hints | None = None) -> list[Language]:  # noqa: ARG002
        return [UNDETERMINED] * len(texts)
