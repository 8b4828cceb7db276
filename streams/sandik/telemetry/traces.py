"""What a worker tells of each batch: here nothing. `sandik.telemetry.otlp` has traces that are sent."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext

from sandik.counting.job import Counted
from sandik.kafka.publish import Outgoing
from sandik.kafka.record_lists import Record
from sandik_schemas.count import Count
from sandik_schemas.partial import Tally


class BatchTrace:
    """One batch on its way, told to nobody."""

    def lap(self, step: str) -> None:
        """Say that the step has just been done."""

    def signed(self, records: list[Outgoing]) -> list[Outgoing]:
        """Return the records with headers that say which trace they are of."""
        return records

    def done(self, counted: Counted) -> None:
        """Say what became of the batch: all of it is durable."""


class Traces:
    """No traces: what there is with SANDIK_TRACES=off. It costs nothing and imports nothing."""

    def batch(
        self,
        topic: str,  # noqa: ARG002  # for those that do trace
        partition: int,  # noqa: ARG002
        records: Sequence[Record],  # noqa: ARG002
        before: Tally,  # noqa: ARG002
    ) -> AbstractContextManager[BatchTrace]:
        """Trace one batch, from here to the end of the block. `before`: its partition's tally until now."""
        return nullcontext(_UNTOLD)

    def publishing(self, topic: str, counts: Sequence[Count]) -> AbstractContextManager[None]:  # noqa: ARG002
        """Trace the writing of these counts, which is what the block does."""
        return nullcontext()

    def close(self) -> None:
        """Send what is not yet sent, unless that takes long."""


_UNTOLD = BatchTrace()
