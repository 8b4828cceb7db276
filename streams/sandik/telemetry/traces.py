"""Traces of batches that go nowhere. `sandik.telemetry.otlp` has those that are sent."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext

from sandik.counting.job import Counted
from sandik.kafka.publish import Outgoing
from sandik.kafka.record_lists import Record
from sandik_schemas.count import Count
from sandik_schemas.partial import Tally


class BatchTrace:
    """One batch, without a trace."""

    def lap(self, step: str) -> None:
        """Record that a step has ended."""

    def signed(self, records: list[Outgoing]) -> list[Outgoing]:
        """Return the records with headers that name their trace."""
        return records

    def done(self, counted: Counted) -> None:
        """Record the outcome of the batch: Kafka has all of it."""


class Traces:
    """No traces, with SANDIK_TRACES=off. Costs nothing and imports nothing."""

    def batch(
        self,
        topic: str,  # noqa: ARG002  # for tracing subclasses
        partition: int,  # noqa: ARG002
        records: Sequence[Record],  # noqa: ARG002
        before: Tally,  # noqa: ARG002
    ) -> AbstractContextManager[BatchTrace]:
        """Trace one batch, to the end of the block. `before`: the tally of its partition before the batch."""
        return nullcontext(_UNTOLD)

    def publishing(self, topic: str, counts: Sequence[Count]) -> AbstractContextManager[None]:  # noqa: ARG002
        """Trace the block, which writes these counts."""
        return nullcontext()

    def close(self) -> None:
        """Send what is not sent yet, unless that takes long."""


_UNTOLD = BatchTrace()
