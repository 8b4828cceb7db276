"""What is pure in `sandik up`: words taken apart, restarts, the status line, numbers, last words."""

import json
import string

from hypothesis import given
from hypothesis import strategies as st

from sandik.clock import SystemClock
from sandik.telemetry.metrics import Metrics
from sandik.up.children import Job
from sandik.up.process import environment, last_words
from sandik.up.request import Request, take_apart
from sandik.up.restart import MAX_FAILURES, STEADY_S, Ended, failures_after, pause_s
from sandik.up.status_line import Status, as_line, cut
from sandik.up.worker_status import Numbers, numbers_in

NAMES = st.text(string.ascii_letters + "çığ. /*", min_size=1).filter(lambda name: not name.startswith("-"))
TAKES_VALUE = {"--format": True, "--pace": True, "--explain": False, "--json": False}
OPTIONS = st.one_of(
    st.tuples(st.sampled_from(["--format", "--pace"]), st.text("abc-", min_size=1)),
    st.tuples(st.sampled_from(["--explain", "--json", "--format=x", "--pace=60x"])),
)


@given(st.lists(st.one_of(st.tuples(NAMES | st.just("-")), OPTIONS)))
def test_every_word_is_a_source_or_belongs_to_an_option(parts: list[tuple[str, ...]]) -> None:
    words = [word for part in parts for word in part]

    request = take_apart(words, TAKES_VALUE)

    is_option = [part[0].startswith("--") for part in parts]
    expected = [part for part, one in zip(parts, is_option, strict=True) if one]
    assert request.options == tuple(word for part in expected for word in part)
    assert len(request.sources) + len(request.options) == len(words)


@given(st.lists(NAMES | st.just("-")), st.lists(OPTIONS))
def test_what_is_put_together_again_is_taken_apart_the_same(
    sources: list[str], options: list[tuple[str, ...]]
) -> None:
    request = Request(tuple(sources), tuple(word for option in options for word in option))

    assert take_apart(request.arguments, TAKES_VALUE) == request


def test_the_value_of_an_option_is_found_however_it_is_written() -> None:
    request = Request((), ("--explain", "--cursor", "a.json", "--pace=60x"))

    assert request.value("--cursor") == "a.json"
    assert request.value("--pace") == "60x"
    assert request.has("--explain")
    assert not request.has("--format")
    assert not Request().has("--format")


def test_a_name_shows_no_secret_of_an_address_and_no_control_character() -> None:
    assert Request(("wss://user:secret@host.example/subscribe?token=secret",)).name == "host.example"
    assert Request(("dump/a\x1b[31m.jsonl",)).name == "a?[31m.jsonl"
    assert Request(("-",)).name == "stdin"
    assert Request(("dump/a.jsonl", "b.jsonl", "c.jsonl")).name == "a.jsonl and 2 more"
    assert Request(("jetstream",)).name == "jetstream"


@given(st.integers(1, MAX_FAILURES), st.integers(-64, 255), st.floats(0, STEADY_S))
def test_pauses_never_shrink_and_are_never_long(failures: int, code: int, served_s: float) -> None:
    pause = pause_s(Ended(code, True, served_s, failures))
    before = pause_s(Ended(code, True, served_s, max(1, failures - 1)))

    assert pause is not None
    assert before is not None
    assert 0 < before <= pause <= 60


@given(st.integers(-64, 255), st.floats(0, STEADY_S), st.integers(1, 100))
def test_what_has_never_served_or_fails_on_and_on_is_not_started_again(
    code: int, served_s: float, failures: int
) -> None:
    assert pause_s(Ended(code, False, served_s, failures)) is None
    assert pause_s(Ended(code, True, served_s, MAX_FAILURES + failures)) is None


@given(st.integers(0, 100), st.floats(STEADY_S, 1e9))
def test_one_that_was_steady_ends_a_row_of_failures(before: int, served_s: float) -> None:
    assert failures_after(before, served_s) == 1
    assert failures_after(before, 0.0) == before + 1


def test_numbers_are_those_of_a_workers_own_metrics() -> None:
    metrics = Metrics(SystemClock())
    assert numbers_in(exposition(metrics)) == Numbers()

    metrics.consumed.inc(100)
    metrics.late.labels("set_aside").inc(7)
    metrics.late.labels("counted").inc(50)
    metrics.rejected.labels("not_json").inc(2)
    metrics.rejected.labels("no_value").inc(1)
    metrics.duplicate.inc(4)
    metrics.ignored.inc(5)

    found = numbers_in(exposition(metrics))
    assert found == Numbers(counted=81, late=7, rejected=3, duplicate=4, ignored=5)
    assert found.read == 100


def exposition(metrics: Metrics) -> str:
    from prometheus_client import generate_latest

    return generate_latest(metrics.registry).decode()


@given(st.builds(Numbers, *[st.integers(0, 10**9)] * 7), st.floats(0, 1e6))
def test_a_status_is_one_line_with_every_process_in_it(numbers: Numbers, per_s: float) -> None:
    status = Status({"kafka": "ready", "worker": "starting"}, numbers, per_s)

    line = as_line(status)

    assert line.startswith("kafka ready | worker starting")
    assert "\n" not in line


@given(st.text(), st.integers(1, 200))
def test_a_line_that_is_cut_fits_and_one_that_fits_is_not_cut(line: str, width: int) -> None:
    assert len(cut(line, width)) <= width
    assert cut(line, max(width, len(line))) == line


@given(st.text())
def test_last_words_are_short_printable_and_of_what_was_said(said: str) -> None:
    words = last_words(said)

    assert len(words.splitlines()) <= 12
    assert "\x1b" not in words
    assert all(line.replace("?", "") == "" or line.strip() for line in words.splitlines())


def test_last_words_are_the_error_and_not_the_log_before_it() -> None:
    log = json.dumps({"event": "counting 12 partitions", "level": "info"})
    assert last_words(f"{log}\nsandik: topic posts does not exist\n  create it\n") == (
        "sandik: topic posts does not exist\n  create it"
    )
    assert last_words(f"a\nb\n{log}\n") == "a\nb\ncounting 12 partitions"
    assert last_words("") == ""


def test_last_words_hold_nothing_of_an_address_that_may_be_secret() -> None:
    said = "wss://name:secret@host.example/subscribe?token=secret: refused; see https://host.example/help"
    assert last_words(said) == "wss://host.example/subscribe: refused; see https://host.example/help"


def test_a_jobs_settings_replace_those_of_the_environment_however_they_are_written() -> None:
    job = Job("worker", ("worker",), {"SANDIK_BROKER": "new"})

    assert environment(job, {"sandik_broker": "old", "PATH": "/bin"}) == {
        "SANDIK_BROKER": "new",
        "PATH": "/bin",
    }
