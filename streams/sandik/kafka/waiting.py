"""Wait for Kafka to start."""

import asyncio
import sys
from time import monotonic

from sandik.errors import BrokerError
from sandik.kafka.connection import answers, client_options
from sandik.kafka.topics import connected
from sandik.settings import Settings

#: How long commands wait at a terminal, where a user may just have started Kafka.
AT_A_TERMINAL_S = 30.0
_ASK_EVERY_S = 0.5


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
