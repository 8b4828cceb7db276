"""Follows the topic `control` while a worker runs."""

from collections.abc import Awaitable, Callable
from contextlib import aclosing
from logging import getLogger

import faust

from sandik.counting.control_state import ControlState
from sandik.errors import BrokerError, SandikError, StateError
from sandik.kafka.control_topic import taken
from sandik.kafka.reader import read
from sandik.kafka.topics import CONTROL
from sandik.settings import Settings
from sandik.worker.app import App
from sandik_schemas.control import Run

#: How long to wait before Kafka is asked again.
RETRY_S = 5.0

log = getLogger(__name__)


class ControlWatch(faust.Service):
    """Follows `control` beside the agents, and tells `changed` after each batch of records.

    It stops the worker when another run has taken the prefix over.
    """

    def __init__(
        self, app: App, settings: Settings, control: ControlState, changed: Callable[[], Awaitable[None]]
    ) -> None:
        super().__init__()
        self.app = app
        self.settings = settings
        self.control = control
        self.generation = control.owner.generation if control.owner else 0
        self.changed = changed

    async def on_start(self) -> None:
        """Begin."""
        self.add_future(self._follow())

    async def _follow(self) -> None:
        group = self.app.conf.id
        while not self.should_stop:
            try:
                async with aclosing(
                    read(self.settings, self.settings.topic(CONTROL), follow=True)
                ) as batches:
                    async for records in batches:
                        owner = taken(self.control, records).owner
                        if owner is None or (owner.group, owner.generation, owner.state) != (
                            group,
                            self.generation,
                            "counting",
                        ):
                            raise _taken_over(self.settings, owner)
                        await self.changed()
            except BrokerError as error:
                # The worker restarts if Kafka stays away; until then there is nothing to read.
                log.info("topic %s cannot be read: %s", self.settings.topic(CONTROL), error)
                await self.sleep(RETRY_S)
            except SandikError as error:
                await self.app.crash(error)
                return


def _taken_over(settings: Settings, owner: Run | None) -> StateError:
    if owner is None:
        return StateError(
            f"topic {settings.topic(CONTROL)} no longer names a run: it was recreated. Start the worker again"
        )
    return StateError(
        f"the topics of the prefix {settings.topic_prefix!r} belong to the run {owner.run_id} "
        f"(generation {owner.generation}) now: `sandik runs replace` was run. Start workers of that run"
    )
