"""`sandik ask`: the health and metrics of the worker on this machine or in this container, without curl."""

import sys
from collections.abc import Sequence
from http.client import HTTPConnection, HTTPException
from typing import Literal

from sandik.errors import SandikError
from sandik.settings import Settings

Page = Literal["healthz", "readyz", "metrics"]

_ANSWER_S = 5.0


def run_ask(settings: Settings, page: Page, names: Sequence[str]) -> int:
    """Print a page of the worker, or only the lines that begin with a name. Returns 1 if it is not well.

    Raises:
        SandikError: nothing answers at SANDIK_OPS_PORT of this machine.
    """
    status, body = _answer(settings.ops_port, f"/{page}")
    lines = body.splitlines()
    if names:
        lines = [line for line in lines if line.startswith(tuple(names))]
    for line in lines:
        sys.stdout.write(f"{line}\n")
    return int(status != 200)


def _answer(port: int, path: str) -> tuple[int, str]:
    connection = HTTPConnection("127.0.0.1", port, timeout=_ANSWER_S)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    except (OSError, HTTPException) as error:
        raise SandikError(
            f"no worker answers at port {port} of this machine ({error}): start one, or set SANDIK_OPS_PORT "
            "to the port of the one that runs"
        ) from error
    finally:
        connection.close()
