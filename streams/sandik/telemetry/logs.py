"""One format for all logs, of Faust, mode, aiokafka and sandik, without the text of any post.

Lines for people on a terminal, JSON for programs everywhere else.
"""

import asyncio
import logging
import os
import re
import sys
from collections.abc import MutableMapping
from typing import Any, TextIO

import structlog
from aiokafka.errors import KafkaError

from sandik.errors import SandikError
from sandik.telemetry.log_throttle import Calm

#: Records are bytes until they are decoded, so their values appear in messages as literals of bytes: in
#: what Faust sends (at debug), in what Kafka did not take, in the repr of whatever holds a record.
_BYTES = re.compile(r"""\b(?:b|bytearray\(b)(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")\)?""", re.DOTALL)

_Event = MutableMapping[str, Any]


def configure_logs(level: str, stream: TextIO | None = None) -> None:
    """Log to `stream`, by default stderr, what is at `level` or above, whatever was set up before."""
    stream = stream or sys.stderr
    handler = logging.StreamHandler(stream)
    handler.setFormatter(_formatter(is_terminal=stream.isatty()))
    if level.lower() != "debug":  # who debugs wants to see it all
        handler.addFilter(Calm())
    logging.root.handlers[:] = [handler]
    logging.root.setLevel(level.upper())
    logging.setLogRecordFactory(_record)
    logging.captureWarnings(True)
    # It warns when a timer's work took longer than its interval: under load that is how it should be.
    logging.getLogger("mode.timers").setLevel(logging.ERROR)


def _formatter(*, is_terminal: bool) -> logging.Formatter:
    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.stdlib.ExtraAdder(),
        structlog.processors.format_exc_info,
        _hide_values,
    ]
    renderer: structlog.typing.Processor
    if is_terminal:
        # Not rich's tracebacks, which print local variables, texts of posts among them.
        plain = structlog.dev.plain_traceback
        colors = not os.environ.get("NO_COLOR")
        renderer = structlog.dev.ConsoleRenderer(colors=colors, exception_formatter=plain)
    else:
        renderer = structlog.processors.JSONRenderer(ensure_ascii=False, default=str)
    final = [structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer]
    return structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=final)


def _hide_values(_: Any, __: str, event: _Event) -> _Event:
    for name, value in event.items():
        if isinstance(value, str):
            event[name] = _BYTES.sub(_hidden, value)
        elif isinstance(value, bytes):
            event[name] = f"<{len(value)} bytes>"
    return event


def _hidden(literal: re.Match[str]) -> str:
    return f"<about {len(literal[0]) - 3} bytes>"


def _record(*args: Any, **kwargs: Any) -> logging.LogRecord:
    """Make a log record, without a traceback for errors that a user can fix: the message says it all."""
    record = logging.LogRecord(*args, **kwargs)
    if record.exc_info and isinstance(record.exc_info[1], SandikError | KafkaError | asyncio.CancelledError):
        record.exc_info = None
    if isinstance(record.args, tuple):
        record.args = tuple(map(_without_text, record.args))
    return record


def _without_text(argument: object) -> object:
    # The repr of such an error holds all that could not be encoded; its message only where it failed.
    return f"{type(argument).__name__}: {argument}" if isinstance(argument, UnicodeError) else argument
