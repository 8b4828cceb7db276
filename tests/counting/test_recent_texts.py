"""What is remembered never changes an answer, and never grows."""

from collections.abc import Sequence
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from sandik.counting.language import UNDETERMINED, Hints, Language
from sandik.counting.recent_texts import Repeats
from tests.support.stubs import a_job

Hinted = tuple[str, str | None]
batches = st.lists(st.lists(st.tuples(st.sampled_from("abcdef"), st.sampled_from([None, "tr", "ru"]))))


class Shout:
    """Answers with text and hint, and keeps what it was asked."""

    def __init__(self, repeats: Repeats[str]) -> None:
        self.repeats = repeats
        self.asked: list[Hinted] = []

    def answers(self, hinted: Sequence[Hinted]) -> list[str]:
        def make(new: list[int]) -> list[str]:
            self.asked += [hinted[index] for index in new]
            return [shouted(hinted[index]) for index in new]

        return self.repeats.answers([text for text, _ in hinted], [hint for _, hint in hinted], make)


def shouted(hinted: Hinted) -> str:
    return f"{hinted[0].upper()} {hinted[1]}"


@given(batches, st.integers(1, 2_000))
def test_each_text_gets_the_answer_it_would_get_alone(asked: list[list[Hinted]], max_chars: int) -> None:
    shout = Shout(Repeats(max_chars))

    for hinted in asked:
        assert shout.answers(hinted) == list(map(shouted, hinted))


def test_a_text_is_worked_out_once_however_often_it_comes() -> None:
    shout = Shout(Repeats())

    for _ in range(3):
        shout.answers([("a", None), ("b", "tr"), ("a", None), ("a", "tr")])

    assert shout.asked == [("a", None), ("b", "tr"), ("a", "tr")]


def test_a_text_that_keeps_coming_is_never_forgotten_and_the_others_are() -> None:
    shout = Shout(Repeats(max_chars=1_000))

    for number in range(1_000):
        shout.answers([("again", None), (f"text {number}", None)])

    assert shout.asked.count(("again", None)) == 1
    assert len(shout.repeats) < 30


def test_one_long_text_makes_room_like_many_short_ones() -> None:
    shout = Shout(Repeats(max_chars=1_000))

    for number in range(20):
        shout.answers([(f"{number}" * 10_000, "tr")])

    assert len(shout.repeats) <= 1


def test_long_texts_and_long_hints_are_not_remembered() -> None:
    """What was made of a megabyte of terms would be, and hints of a megabyte beside texts of a letter."""
    shout = Shout(Repeats())
    long = "x" * 20_000

    for _ in range(2):
        shout.answers([(long, None), ("a", long), ("a", "tr"), ("b", None)])

    assert len(shout.repeats) == 2
    assert shout.asked.count((long, None)) == shout.asked.count(("a", long)) == 2


def test_hints_make_room_like_texts() -> None:
    shout = Shout(Repeats(max_chars=1_000))

    for number in range(100):
        shout.answers([("a", f"{number}" * 100)])

    assert len(shout.repeats) < 10


def test_a_job_with_another_detector_remembers_nothing_of_the_old_one() -> None:
    job = a_job()
    assert job.annotate(["tr seçim"])[0].language.code == "tr"

    assert replace(job, detector=Silent()).annotate(["tr seçim"])[0].language == UNDETERMINED


class Silent:
    version = "silent-1"

    def detect(self, texts: Sequence[str], hints: Hints | None = None) -> list[Language]:  # noqa: ARG002
        return [UNDETERMINED] * len(texts)
