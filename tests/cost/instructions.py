"""How many instructions of Python's machine some code executes: the same count every time, at any load."""

import gc
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any


def executed(run: Callable[[], object]) -> int:
    """Return how many bytecode instructions `run` takes. What C functions do inside is not seen.

    The garbage collector is off meanwhile: libraries hang Python code on it, which runs at odd times.
    """
    collects = gc.isenabled()
    gc.disable()
    try:
        return (_monitored if sys.version_info >= (3, 12) else _traced)(run)
    finally:
        if collects:
            gc.enable()


def _monitored(run: Callable[[], object]) -> int:
    """Count by `sys.monitoring`: since Python 3.13, a tracer misses a function's first instructions."""
    count = 0

    def step(_code: object, _offset: int) -> None:
        nonlocal count
        count += 1

    monitoring: Any = sys.monitoring  # type: ignore[attr-defined,unused-ignore]
    monitoring.use_tool_id(monitoring.PROFILER_ID, __name__)
    monitoring.register_callback(monitoring.PROFILER_ID, monitoring.events.INSTRUCTION, step)
    monitoring.set_events(monitoring.PROFILER_ID, monitoring.events.INSTRUCTION)
    try:
        run()
    finally:
        monitoring.set_events(monitoring.PROFILER_ID, 0)
        monitoring.free_tool_id(monitoring.PROFILER_ID)
    return count


def _traced(run: Callable[[], object]) -> int:
    count = 0

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal count
        frame.f_trace_opcodes = True
        frame.f_trace_lines = False
        if event == "opcode":
            count += 1
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        run()
    finally:
        sys.settrace(before)
    return count
