"""One format for all that logs, JSON where no terminal is, and no text of a post, whatever crashes."""

import asyncio
import io
import itertools
import json
import logging
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from aiokafka import ConsumerRecord
from hypothesis import given
from hypothesis import strategies as st

from sandik.kafka.topics import POSTS
from sandik.settings import Settings
from sandik.telemetry.log_throttle import AT_ONCE, EVERY_S, Calm
from sandik.telemetry.logs import configure_logs
from tests.support.kafka import produce
from tests.support.scene import Scene, some_posts
from tests.support.workers import Workers, environment

TEXT = "çok gizli bir cümle"
#: A lone surrogate: whoever encodes it again fails, and Python's own error quotes the whole text.
HOSTILE = f'{{"id":"t:1","source":"t","created_at_ms":1683800040000,"text":"{TEXT} \\ud83d"}}'.encode()


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    """Leave logging as it was: pytest listens to it, too."""
    root, factory = logging.root, logging.getLogRecordFactory()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level
    logging.setLogRecordFactory(factory)
    logging.captureWarnings(False)


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def logged(stream: io.StringIO | None = None, level: str = "info") -> io.StringIO:
    stream = stream or io.StringIO()
    configure_logs(level, stream)
    return stream


def test_every_line_is_json_with_time_level_logger_and_event() -> None:
    stream = logged()
    for name in ("faust.app", "mode.worker", "aiokafka.consumer", "sandik.worker.agents.count"):
        logging.getLogger(name).warning("partition %d: %s", 3, "said\nso")

    lines = [json.loads(line) for line in stream.getvalue().splitlines()]

    assert [line["logger"] for line in lines] == [
        "faust.app",
        "mode.worker",
        "aiokafka.consumer",
        "sandik.worker.agents.count",
    ]
    assert {(line["event"], line["level"]) for line in lines} == {("partition 3: said\nso", "warning")}
    assert all(line["timestamp"].endswith("Z") for line in lines)


def test_a_terminal_gets_lines_for_people(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    stream = logged(_Terminal())
    logging.getLogger("sandik").warning("hello")

    assert "[warning  ] hello" in stream.getvalue()
    assert "\x1b" not in stream.getvalue()


@given(st.text(st.characters(exclude_categories=("C", "Z")), min_size=8, max_size=60))  # printable
def test_no_record_is_printed_however_it_gets_into_a_message(text: str) -> None:
    value = f"{text}|{TEXT}".encode()
    record = ConsumerRecord("posts", 0, 1, 2, 0, b"key", value, None, 3, 4, ())
    stream = logged()
    log = logging.getLogger("faust")
    log.error("cannot handle %r", record)
    log.error("cannot send %r", value)
    log.error("cannot send %s", bytearray(value))
    log.error("crashed: %r", ValueError(value), exc_info=ValueError(value))
    log.info("extra", extra={"value": value})

    assert "gizli" not in stream.getvalue()
    assert "bytes>" in stream.getvalue()


def test_an_error_of_encoding_says_where_and_not_what() -> None:
    stream = logged()
    try:
        f"{TEXT} \ud83d".encode()
    except UnicodeEncodeError as error:
        logging.getLogger("mode").exception("crashed: %r", error)  # noqa: TRY401  # as mode does

    assert "gizli" not in stream.getvalue()
    assert "UnicodeEncodeError" in stream.getvalue()


@given(
    st.lists(st.tuples(st.floats(0, 4), st.sampled_from(["aiokafka", "mode.worker", "sandik.worker.app"])))
)
def test_of_what_libraries_say_there_is_a_line_every_few_seconds_and_the_rest_is_counted(
    said: list[tuple[float, str]],
) -> None:
    now_s, told, left_out = 0.0, [], 0
    calm = Calm(lambda: now_s)
    for pause_s, logger in said:
        now_s += pause_s
        record = logging.LogRecord(logger, logging.ERROR, "", 0, "node %d", (1,), None)
        if not calm.filter(record):
            left_out += 1
            assert logger != "sandik.worker.app"
        elif logger != "sandik.worker.app":
            told.append(now_s)
            counted = f" (and {left_out} more lines of the Kafka client)" if left_out else ""
            assert record.getMessage() == f"node 1{counted}"
            left_out = 0

    for (first, start_s), (last, end_s) in itertools.combinations(enumerate(told), 2):
        assert last - first + 1 <= AT_ONCE + (end_s - start_s) / EVERY_S + 1e-9


def test_what_was_asked_for_and_what_is_grave_comes_through() -> None:
    calm = Calm(lambda: 0.0)
    crash = (ValueError, ValueError(), None)
    for level, trace in [(logging.DEBUG, None), (logging.INFO, None), (logging.CRITICAL, None)] * 2 + [
        *[(logging.ERROR, crash)] * 2,
        *[(logging.ERROR, None)] * AT_ONCE,
    ]:
        assert calm.filter(logging.LogRecord("faust", level, "", 0, "said", (), trace))
    assert not calm.filter(logging.LogRecord("faust", logging.ERROR, "", 0, "said", (), None))


def test_an_answer_for_whom_a_signal_has_stopped_is_nothing_to_show() -> None:
    late = asyncio.InvalidStateError("invalid state")
    for logger, error, shown in [
        ("aiokafka.conn", late, False),
        ("aiokafka.conn", ValueError(), True),
        ("sandik.worker.app", late, True),
    ]:
        crash = (type(error), error, None)
        record = logging.LogRecord(logger, logging.ERROR, "", 0, "unexpected", (), crash)
        assert Calm(lambda: 0.0).filter(record) == shown


@pytest.mark.broker
@pytest.mark.timeout(300)
@pytest.mark.parametrize("oddity", ["stops", "stops_noisily"])
async def test_the_last_line_of_a_dead_worker_is_its_reason(
    worker_settings: Settings, tmp_path: Path, oddity: str
) -> None:
    scene = await Scene.made(worker_settings)
    await scene.write(some_posts(10))
    with Workers(environment(worker_settings), tmp_path) as workers:
        worker = workers.start("tests.ops.odd_worker", oddity)
        assert await asyncio.to_thread(worker.wait, 120) == 1
        lines = workers.log(worker).splitlines()

    assert lines[-1].startswith("sandik: RuntimeError: out of cheese")
    [stop] = [number for number, line in enumerate(lines) if "worker stops: RuntimeError" in line]
    assert "in _fail" in lines[stop]  # the traceback, once
    assert stop >= len(lines) - 2, lines[stop:]


@pytest.mark.broker
@pytest.mark.timeout(300)
@pytest.mark.parametrize("level", ["warning", "debug"])
async def test_a_worker_that_crashes_on_a_text_does_not_log_it(
    worker_settings: Settings, tmp_path: Path, level: str
) -> None:
    await Scene.made(worker_settings)
    post = {"id": "t:1", "source": "t", "created_at_ms": 1_683_800_040_000, "text": TEXT}
    with Workers({**environment(worker_settings), "SANDIK_LOG_LEVEL": level}, tmp_path) as workers:
        worker = workers.start("tests.ops.odd_worker", "chokes")
        await produce(
            worker_settings.broker,
            worker_settings.topic(POSTS),
            [(b"t:0", HOSTILE, 0, None), (b"t:1", msgspec.json.encode(post), 1, None)],
        )
        assert await asyncio.to_thread(worker.wait, 120) != 0
        said = workers.log(worker)

    assert "UnicodeEncodeError" in said
    assert "gizli" not in said
    lines = said.splitlines()
    own = [line for line in lines if line.startswith("{")]
    assert [json.loads(line)["level"] for line in own]
    assert lines[-1].startswith("sandik: ") or "Traceback" in said
