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
    count = 0

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal count
        frame.f_trace_opcodes = True
        frame.f_trace_lines = False
        if event == "opcode":
            count += 1
        return trace

    before, collects = sys.gettrace(), gc.isenabled()
    gc.disable()
    sys.settrace(trace)
    try:
        run()
    finally:
        sys.settrace(before)
        if collects:
            gc.enable()
    return count
