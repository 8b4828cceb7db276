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

#: Records are bytes until they are decoded, so messages show their values as bytes literals: what Faust sends
#: (at debug), what Kafka refused, and the repr of anything that contains a record.
_BYTES = re.compile(r"""\b(?:b|bytearray\(b)(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")\)?""", re.DOTALL)

_Event = MutableMapping[str, Any]


def configure_logs(level: str, stream: TextIO | None = None) -> None:
    """Log messages of `level` and above to `stream`, by default stderr. Replaces any earlier set-up."""
    stream = stream or sys.stderr
    handler = logging.StreamHandler(stream)
    handler.setFormatter(_formatter(is_terminal=stream.isatty()))
    if level.lower() != "debug":  # at debug, nothing is left out
        handler.addFilter(Calm())
    logging.root.handlers[:] = [handler]
    logging.root.setLevel(level.upper())
    logging.setLogRecordFactory(_record)
    logging.captureWarnings(True)
    # It warns when a timer's work takes longer than its interval, which is normal under load.
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
        # Not rich's tracebacks: they print local variables, which may hold texts of posts.
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
    """Make a log record. Errors that a user can fix have no traceback: their message says what to do."""
    record = logging.LogRecord(*args, **kwargs)
    if record.exc_info and isinstance(record.exc_info[1], SandikError | KafkaError | asyncio.CancelledError):
        record.exc_info = None
    if isinstance(record.args, tuple):
        record.args = tuple(map(_without_text, record.args))
    return record


def _without_text(argument: object) -> object:
    # The repr of such an error contains the whole text that was not encoded, its message only the position.
    return f"{type(argument).__name__}: {argument}" if isinstance(argument, UnicodeError) else argument
