"""Ask a worker's own port: what it says of its health, and its metrics."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any, NamedTuple

from prometheus_client.parser import text_string_to_metric_families

from sandik.broker.probe import free_port
from tests.support.kafka import wait_until


class Page(NamedTuple):
    """An answer to a probe."""

    status: int
    state: str
    reasons: list[str]
    notices: list[str]


class Ops:
    """The pages of one worker. `seen` has each state of `/readyz` once, in the order they came."""

    def __init__(self) -> None:
        self.port = free_port()
        self.seen: list[str] = []

    @property
    def environment(self) -> dict[str, str]:
        """Return what makes a worker serve them."""
        return {"SANDIK_OPS_PORT": str(self.port)}

    def get(self, path: str) -> str:
        """Return a page's text, whatever its status."""
        return self._get(path)[1]

    def probe(self, path: str) -> Page | None:
        """Return the answer to a probe; None while nobody listens."""
        try:
            status, text = self._get(path)
        except (urllib.error.URLError, ConnectionError):
            return None
        body: dict[str, Any] = json.loads(text)
        assert body["ok"] == (status == 200)
        return Page(status, body["state"], body["reasons"], body.get("notices", []))

    async def wait_for(self, state: str, path: str = "/readyz", deadline_s: float = 120) -> Page:
        """Return the first answer with this state."""
        found: list[Page] = []

        def is_so() -> bool:
            page = self.probe(path)
            if page and path == "/readyz" and page.state not in self.seen:
                self.seen.append(page.state)
            if page and page.state == state:
                found.append(page)
            return bool(found)

        await wait_until(is_so, deadline_s, f"{path} says {state}; it has said {self.seen}")
        return found[-1]

    def metrics(self) -> dict[tuple[str, ...], float]:
        """Return every sample of ours: (name, label value, ...) -> value."""
        return dict(self._samples())

    def _samples(self) -> Iterator[tuple[tuple[str, ...], float]]:
        for family in text_string_to_metric_families(self.get("/metrics")):
            for sample in family.samples:
                if sample.name.startswith("sandik_"):
                    yield (sample.name, *sample.labels.values()), sample.value

    def _get(self, path: str) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=20) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
