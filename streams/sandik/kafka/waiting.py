"""Wait for Kafka to start, and for new topics."""

import asyncio
import sys
from collections.abc import Iterable
from time import monotonic

from sandik.errors import BrokerError
from sandik.kafka.connection import answers, client_options
from sandik.kafka.topics import connected
from sandik.settings import Settings

#: How long commands wait at a terminal, where a user may just have started Kafka.
AT_A_TERMINAL_S = 30.0
_ASK_EVERY_S = 0.5
#: How long Kafka may take to elect leaders for a new topic.
_LEADERS_S = 30.0


async def wait_for_kafka(settings: Settings, wait_s: float | None, *, is_told: bool = False) -> None:
    """Return when Kafka answers. `wait_s`: the longest wait; None is half a minute at a terminal, else 0.

    Waiting is reported once on stderr. With `is_told`, nothing is written, neither here nor by the Kafka
    client.

    Raises:
        BrokerError: it does not answer by then, or refuses the connection.
    """
    if wait_s is None:
        wait_s = AT_A_TERMINAL_S if sys.stderr.isatty() else 0.0
    give_up_s = monotonic() + wait_s
    while True:
        is_time_over = monotonic() >= give_up_s
        if is_time_over or not is_told or await answers(client_options(settings)):
            try:
                async with connected(settings):
                    return
            except BrokerError as error:
                # Wait only if there is no answer; a wrong password stays wrong.
                if is_time_over or "does not answer" not in str(error):
                    raise
        if not is_told:
            sys.stderr.write(
                f"Kafka at {settings.broker} does not answer yet; waiting up to {wait_s:.0f} s\n"
            )
            is_told = True
        await asyncio.sleep(_ASK_EVERY_S)


async def wait_for_leaders(settings: Settings, topics: Iterable[str]) -> None:
    """Return when every partition of the topics has a leader, so that workers can start.

    Raises:
        BrokerError: Kafka does not answer, or a partition has none within half a minute.
    """
    wanted = set(topics)
    give_up_s = monotonic() + _LEADERS_S
    async with connected(settings) as admin:
        while True:
            described = [one for one in await admin.describe_topics() if one["topic"] in wanted]
            led = {
                one["topic"] for one in described if all(part["leader"] >= 0 for part in one["partitions"])
            }
            if led == wanted:
                return
            if monotonic() >= give_up_s:
                raise BrokerError(
                    f"Kafka at {settings.broker} has created {', '.join(sorted(wanted - led))}, but no "
                    f"broker leads all partitions after {_LEADERS_S:.0f} s: see its log, then run "
                    "`sandik doctor`"
                )
            await asyncio.sleep(_ASK_EVERY_S)
