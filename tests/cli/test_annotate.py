"""`sandik annotate`: one answer per line, in order, at once, and the same one the workers would give."""

import io
import subprocess
import tracemalloc
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandik.cli import annotate
from sandik.counting.job import Annotation, Job
from sandik.counting.language import Language
from sandik.run_identity import load_job
from sandik.settings import Settings
from tests.cost.instructions import executed
from tests.support.command import sandik, start_sandik, succeed
from tests.support.stubs import a_job

#: Where a term stands in the text, as the text spells it.
SPELT = {
    "İstanbul'da SEÇİM günü: seçimlere az kaldı": ["SEÇİM günü", "seçimlere"],
    "😀👩‍👩‍👧 Bu seçim öncesi DEEPFAKE videolar yayılıyor": ["seçim öncesi", "DEEPFAKE videolar"],
    "Sandık başına! #14MayısSeçimleri": ["Sandık başına! #14MayısSeçimleri"],
    "Bu sec\u0327im c\u0327ok önemli": ["sec\u0327im"],
    "Выборы президента: дипфейк распространяется в соцсетях": ["Выборы президента", "дипфейк"],
    "Bugün hava çok güzel, sahilde yürüyüşe çıktık": [],
}
TEXTS = list(SPELT)


def json_lines(values: Sequence[object]) -> bytes:
    return b"".join(msgspec.json.encode(value) + b"\n" for value in values)


def parsed(output: bytes) -> list[Any]:
    return [msgspec.json.decode(line) for line in output.splitlines()]


@pytest.fixture(scope="module")
def answers() -> list[Any]:
    posts = [{"id": f"x:{number}", "text": text, "source": "x"} for number, text in enumerate(TEXTS)]
    done = sandik("annotate", "-", stdin=json_lines(posts))
    assert (done.returncode, done.stderr) == (0, b"")
    return parsed(done.stdout)


@pytest.fixture
def running() -> "Iterator[subprocess.Popen[bytes]]":
    with start_sandik("annotate", "-") as command:
        yield command
        command.kill()


def ask(command: "subprocess.Popen[bytes]", data: bytes) -> None:
    assert command.stdin is not None
    command.stdin.write(data)
    command.stdin.flush()


def answer(command: "subprocess.Popen[bytes]") -> Any:
    assert command.stdout is not None
    return msgspec.json.decode(command.stdout.readline())


def test_each_line_is_answered_in_order_with_these_keys_and_no_others(answers: list[Any]) -> None:
    assert [one["id"] for one in answers] == [f"x:{number}" for number in range(len(TEXTS))]
    assert {tuple(one) for one in answers} == {
        ("id", "language", "languages", "language_confidence", "tags", "terms")
    }
    assert {tuple(term) for one in answers for term in one["terms"]} == {("term", "tag", "start", "end")}


def test_start_and_end_cut_the_term_out_of_the_original_text(answers: list[Any]) -> None:
    found = {
        text: [text[term["start"] : term["end"]] for term in one["terms"]]
        for text, one in zip(TEXTS, answers, strict=True)
    }

    assert found == SPELT


def test_the_answers_are_those_of_the_workers(answers: list[Any]) -> None:
    expected = [
        {
            "language": annotation.language.code,
            "languages": annotation.language.code.split("+"),
            "language_confidence": annotation.language.confidence,
            "tags": list(annotation.tags),
            "terms": [msgspec.to_builtins(term) for term in annotation.terms],
        }
        for annotation in load_job(Settings()).annotate(TEXTS)
    ]

    assert [{name: one[name] for name in one if name != "id"} for one in answers] == expected


def test_a_text_is_all_a_line_needs() -> None:
    done = succeed("annotate", "-", stdin=json_lines([{"text": TEXTS[0]}, {"text": "", "id": 7}]))

    assert [(one["id"], one["tags"]) for one in parsed(done.stdout)] == [(None, ["election"]), (7, [])]


def test_a_bad_line_has_an_answer_of_its_own_and_is_named_on_stderr() -> None:
    lines = [b'{"text": "a"}', b"no json", b"", b'{"id": "x"}', b'{"text": 1}', b'{"text": "\xff"}', b"[]"]

    done = sandik("annotate", "-", stdin=b"\n".join([*lines, b'{"text": "z", "id": "last"}']))

    answered = parsed(done.stdout)
    assert done.returncode == 1
    assert [one.get("line") for one in answered] == [None, 2, 4, 5, 6, 7, None]
    assert all(set(one) == {"line", "error"} for one in answered[1:-1])
    assert answered[-1]["id"] == "last"
    assert [line.split(b": ")[0] for line in done.stderr.splitlines()] == [
        f"-:{number}".encode() for number in (2, 4, 5, 6, 7)
    ]


def test_blank_lines_byte_order_mark_and_line_ends_of_windows_are_nothing() -> None:
    done = sandik("annotate", "-", stdin=b'\xef\xbb\xbf{"text": "a"}\r\n\r\n  \n{"text": "b", "id": "b"}')

    assert (done.returncode, done.stderr) == (0, b"")
    assert [one["id"] for one in parsed(done.stdout)] == [None, "b"]


@pytest.mark.timeout(60)
def test_a_line_is_answered_while_the_pipe_is_open(running: "subprocess.Popen[bytes]") -> None:
    for number, text in enumerate(TEXTS):
        ask(running, json_lines([{"id": number, "text": text}]))
        assert answer(running)["id"] == number  # or waits for ever

    ask(running, b'{"id": "two", "text": "a"}\n{"id": "halves", "te')
    assert answer(running)["id"] == "two"
    ask(running, b'xt": "a"}\n')
    assert answer(running)["id"] == "halves"
    assert running.communicate() == (b"", b"")
    assert running.returncode == 0


@pytest.mark.timeout(60)
def test_when_the_reader_goes_the_command_ends_without_a_complaint(
    running: "subprocess.Popen[bytes]",
) -> None:
    ask(running, json_lines([{"id": 0, "text": "a"}]))
    assert answer(running)["id"] == 0
    assert running.stdout is not None
    running.stdout.close()  # as `head -1` does

    ask(running, json_lines([{"id": 1, "text": "a"}]))

    assert running.stderr is not None
    assert running.stderr.read() == b""
    assert running.wait() == 0


def test_a_file_is_read_like_a_pipe_and_long_lines_are_one_line(tmp_path: Path) -> None:
    posts = [{"id": number, "text": TEXTS[3] + " да" * 60_000 * (number % 2)} for number in range(4)]
    (tmp_path / "posts.jsonl").write_bytes(json_lines(posts) + b"bad\n")

    done = sandik("annotate", str(tmp_path / "posts.jsonl"))

    assert [one.get("id") for one in parsed(done.stdout)] == [0, 1, 2, 3, None]
    assert done.stderr.startswith(f"{tmp_path / 'posts.jsonl'}:5: ".encode())


def test_a_line_longer_than_any_post_has_an_error_of_its_own_and_the_others_their_answers() -> None:
    room = annotate.MAX_LINE_BYTES - len(b'{"text": ""}')
    longest, too_long = (b'{"text": "%s"}' % (b" " * size) for size in (room, room + 1))

    done = sandik("annotate", "-", stdin=b"\n".join([too_long, longest, too_long, b'{"text": "a", "id": 4}']))

    assert [one.get("line", one.get("id")) for one in parsed(done.stdout)] == [1, None, 3, 4]
    told = b"longer than 1,048,576 bytes, the limit of a post"
    assert done.stderr.splitlines() == [b"-:%d: %s" % (number, told) for number in (1, 3)]
    assert done.returncode == 1


class Endless(io.RawIOBase):
    """A line of so many bytes that comes in pieces."""

    def __init__(self, size_bytes: int, piece_bytes: int) -> None:
        self._left, self._piece_bytes = size_bytes, piece_bytes

    def read1(self, _: int) -> bytes:
        size = min(self._left, self._piece_bytes)
        self._left -= size
        return b" " * size


def lines_of(source: Any) -> list[tuple[int, bytes | None]]:
    return [(line.number, line.data) for batch in annotate._batches(source) for line in batch]


def test_a_line_without_an_end_takes_no_more_memory_than_the_longest() -> None:
    tracemalloc.start()
    found = lines_of(Endless(256 << 20, annotate.CHUNK_BYTES))
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert found == [(1, None)]
    assert peak_bytes < 3 * annotate.MAX_LINE_BYTES


def test_reading_a_line_takes_time_in_proportion_to_its_length(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is appended to what was read before is counted, too: copying that anew each time is not linear."""
    monkeypatch.setattr(annotate, "MAX_LINE_BYTES", 1 << 30)
    copied = []

    class Counted(bytes):
        def __radd__(self, other: bytes) -> bytes:
            copied.append(len(other))
            return bytes(other) + bytes(self)

        def split(self, *_: Any) -> list[bytes]:
            return [self]

    class Pieces(Endless):
        def read1(self, _: int) -> bytes:
            return Counted(super().read1(0))

    costs = [executed(partial(lines_of, Pieces(pieces, 1))) for pieces in (100, 200, 400)]
    assert costs[2] - costs[1] == 2 * (costs[1] - costs[0])
    assert sum(copied) == 0


@given(st.lists(st.binary(max_size=6).map(lambda line: line.replace(b"\n", b"")), max_size=6), st.data())
def test_lines_are_the_same_in_whatever_pieces_they_come(lines: list[bytes], data: st.DataObject) -> None:
    whole = b"\n".join(lines)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=5)))
    pieces = [whole[start:end] for start, end in zip([0, *cuts], [*cuts, len(whole)], strict=True)]
    left = [piece for piece in pieces if piece]

    class Pieces:
        def read1(self, _: int) -> bytes:
            return left.pop(0) if left else b""

    expected = [
        (number, line if len(line) <= 4 else None)
        for number, line in enumerate(lines, start=1)
        if line.strip() or len(line) > 4
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(annotate, "MAX_LINE_BYTES", 4)
        assert lines_of(Pieces()) == expected


@pytest.mark.parametrize("name", ["missing.jsonl", "."])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, name: str) -> None:
    done = sandik("annotate", str(tmp_path / name))

    assert (done.returncode, done.stdout) == (2, b"")
    assert str(tmp_path / name).encode() in done.stderr
    assert b"Traceback" not in done.stderr


def test_lines_that_are_there_together_are_annotated_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    """One at a time, the detector would take several times as long."""
    (tmp_path / "posts.jsonl").write_bytes(json_lines([{"text": "tr " + "x" * 100}] * 5_000))
    sizes = []

    class Counting(Job):
        def annotate(self, texts: Sequence[str], *_: object, **__: object) -> list[Annotation]:
            sizes.append(len(texts))
            return [self.annotation(Language("tr", 1.0), ())] * len(texts)

    stub = a_job()
    job = Counting(stub.run_id, stub.timing, stub.max_ahead_ms, stub.dedupe, stub.detector, stub.tagger)
    monkeypatch.setattr(annotate, "load_job", lambda _settings: job)

    assert annotate.run_annotate(str(tmp_path / "posts.jsonl"), Settings()) == 0

    assert len(capsysbinary.readouterr().out.splitlines()) == sum(sizes) == 5_000
    assert len(sizes) < 20
