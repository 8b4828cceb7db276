"""What a Python finds when it starts, as JSON: `python -m tests.support.probe`. Ends as its argument says."""

import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any


def main() -> None:
    """Tell it on stdout, then what was read from stdin, and end."""
    streams: list[Any] = [sys.stdin, sys.stdout, sys.stderr]
    found = {
        "arguments": sys.argv,
        "folder": str(Path.cwd()),
        "first to import from": sys.path[0],
        "main": getattr(sys.modules["__main__"].__spec__, "name", None),
        "environment": dict(sorted(os.environ.items())),
        "zone": time.tzname,
        "streams": [
            (one.encoding, one.errors, one.line_buffering, one.write_through, one.fileno()) for one in streams
        ],
        "signals": {
            one.name: str(getattr(signal.getsignal(one), "__name__", signal.getsignal(one)))
            for one in (signal.SIGINT, signal.SIGTERM, signal.SIGPIPE, signal.SIGCHLD)
        },
        "session": os.getsid(0),
        "group": os.getpgrp(),
        "open files": [Path(f"/proc/self/fd/{fd}").exists() for fd in range(3)],
    }
    sys.stdout.write(f"{json.dumps(found)}\n")
    sys.stdout.flush()
    sys.stdout.write(f"{sys.stdin.read()}\n")
    sys.stderr.write("çağrı\n")
    if sys.argv[1] == "fail":
        raise ValueError(sys.argv[1])
    sys.exit(int(sys.argv[1]))


if __name__ == "__main__":
    main()
