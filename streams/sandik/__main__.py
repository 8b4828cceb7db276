"""The command `sandik`, and `python -m sandik`. Imports hardly anything: it may be stopped at any time."""

import signal
import sys
from types import FrameType, ModuleType

#: As a shell has it: 128 and the number of the signal.
CTRL_C_EXIT_CODE, SIGTERM_EXIT_CODE = 130, 143
#: How soon an interrupt is tried again that came when it could only do harm.
_AGAIN_S = 0.002


def main() -> None:
    """Run the command line. SIGTERM does what Ctrl-C does, whatever is running, but for the exit code."""
    was_terminated = False

    def interrupt(number: int, frame: FrameType | None) -> None:
        nonlocal was_terminated
        was_terminated |= number == signal.SIGTERM
        ctrl_c = signal.getsignal(signal.SIGINT)
        if _is_preparing(frame):
            signal.setitimer(signal.ITIMER_REAL, _AGAIN_S)
        elif number != signal.SIGINT and callable(ctrl_c) and ctrl_c is not interrupt:
            ctrl_c(signal.SIGINT, frame)  # a running loop cancels its main task
        else:
            raise KeyboardInterrupt

    at_start = signal.getsignal(signal.SIGINT)
    if at_start is signal.SIG_IGN:
        # Started in the background, where Ctrl-C is not for us. It is blocked, so that a loop handles SIGTERM
        # as it does in the foreground: an interrupt that is raised inside a loop may hit a task of Kafka's.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    if at_start in (signal.SIG_IGN, signal.default_int_handler):
        signal.signal(signal.SIGINT, interrupt)
        signal.default_int_handler = interrupt  # type: ignore[assignment]  # asyncio puts its own only over this
    for number in (signal.SIGTERM, signal.SIGALRM):
        signal.signal(number, interrupt)
    try:
        from sandik.cli.main import main as run

        run()
    except SystemExit as end:
        code = end.code
    except BaseException as error:
        if not _is_interrupt(error):
            raise
        code = CTRL_C_EXIT_CODE
    else:
        code = 0
    signal.setitimer(signal.ITIMER_REAL, 0)
    _log_no_more()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)  # there is nothing left to interrupt but Python's own ending
    sys.exit(SIGTERM_EXIT_CODE if was_terminated and code == CTRL_C_EXIT_CODE else code)


def _log_no_more() -> None:
    """Let what was said be the last line: what Python takes apart at its end has nothing to add."""
    if logging := sys.modules.get("logging"):
        logging.disable()


def _is_preparing(frame: FrameType | None) -> bool:
    """Return whether something is being imported, or a loop of asyncio is about to run or to close.

    What is interrupted there is half made: it becomes an error of another kind, or complains when it goes.
    """
    asyncio = sys.modules.get("asyncio")
    while frame is not None:
        if frame.f_code.co_filename == "<frozen importlib._bootstrap>":
            return True
        if frame.f_globals.get("__name__") == "asyncio.runners":
            return asyncio is not None and not _has_loop(asyncio)
        frame = frame.f_back
    return False


def _has_loop(asyncio: ModuleType) -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _is_interrupt(error: BaseException | None) -> bool:
    """Return whether an interrupt is behind it: what is interrupted may end with an error of another kind."""
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__cause__ or error.__context__
    return error is not None


if __name__ == "__main__":
    main()
