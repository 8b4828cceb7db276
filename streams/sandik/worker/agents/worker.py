"""What the agents of a worker share."""

from typing import NamedTuple

from faust.types import AppT

from sandik.clock import Clock
from sandik.settings import Settings
from sandik.telemetry.metrics import Metrics
from sandik.telemetry.traces import Traces
from sandik.worker.engine.reader import Reader
from sandik.worker.engine.writer import Writer


class WorkerParts(NamedTuple):
    """The worker's app, reader and writer, and what it is set to, goes by and is watched with."""

    app: AppT
    reader: Reader
    writer: Writer
    settings: Settings
    clock: Clock
    metrics: Metrics
    traces: Traces
