"""What the worker and the page say of themselves, over HTTP on this machine."""

import json
import re
from http.client import HTTPConnection, HTTPException
from typing import NamedTuple

from sandik.broker.probe import HOST

_TIMEOUT_S = 2.0
_SAMPLE = re.compile(r"^(sandik_\w+)(\{[^}]*\})? (\S+)$", re.MULTILINE)


class Numbers(NamedTuple):
    """What a worker has done since it started, in posts. `waiting` are in Kafka and not counted yet."""

    counted: int = 0
    late: int = 0
    rejected: int = 0
    duplicate: int = 0
    ignored: int = 0
    waiting: int = 0
    paused_partitions: int = 0

    @property
    def read(self) -> int:
        """All that were taken from Kafka, whatever became of them."""
        return self.counted + self.late + self.rejected + self.duplicate + self.ignored


def numbers_in(metrics: str) -> Numbers:
    """Return what the text of `/metrics` says."""

    def total(name: str, label: str = "") -> int:
        found = _SAMPLE.findall(metrics)
        return round(sum(float(value) for one, labels, value in found if one == name and label in labels))

    late = total("sandik_posts_late_total", 'outcome="set_aside"')
    rejected, duplicate, ignored = (
        total(f"sandik_posts_{what}_total") for what in ("rejected", "duplicate", "ignored")
    )
    counted = total("sandik_posts_consumed_total") - late - rejected - duplicate - ignored
    waiting = total("sandik_consumer_lag_records")
    paused = total("sandik_partition_paused")
    return Numbers(max(0, counted), late, rejected, duplicate, ignored, waiting, paused)


def look(ops_port: int) -> Numbers | None:
    """Return what the worker has done; None when it does not answer."""
    status, body = _get(ops_port, "/metrics")
    return numbers_in(body) if status == 200 else None


def worker_state(ops_port: int) -> tuple[bool, str]:
    """Return whether posts are being counted, and how the worker calls the state it is in."""
    status, body = _get(ops_port, "/readyz")
    try:
        state = str(json.loads(body)["state"])
    except (ValueError, TypeError, KeyError):
        state = "starting"
    return status == 200, state


def page_answers(port: int) -> bool:
    """Return whether the page can be looked at."""
    return _get(port, "/api/status")[0] == 200


def _get(port: int, path: str) -> tuple[int, str]:
    """Return status and body; 0 when nobody answers. Not by urllib, which would ask a proxy."""
    connection = HTTPConnection(HOST, port, timeout=_TIMEOUT_S)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode(errors="replace")
    except (OSError, HTTPException):
        return 0, ""
    finally:
        connection.close()
