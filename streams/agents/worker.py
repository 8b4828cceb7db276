"""What the agents of a worker share."""

from typing import NamedTuple

from faust.types import AppT

from streams.clock import Clock
from streams.ops.metrics import Metrics
from streams.ops.traces import Traces
from streams.settings import Settings


class WorkerParts(NamedTuple):
    """The worker's app, and what it is set to, goes by and is watched with."""

    app: AppT
    settings: Settings
    clock: Clock
    metrics: Metrics
    traces: Traces
