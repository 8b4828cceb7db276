"""The pairs of tags that counts were made with, for readers without the lexicon.

They are in the run in the topic `control`, or in the manifest of a replay.
"""

from collections.abc import Sequence

from aiokafka.errors import TopicAuthorizationFailedError

from sandik.errors import BrokerError, TopicError
from sandik.kafka.control_topic import read_control
from sandik.settings import Settings
from sandik_schemas.pair import DEFAULT_PAIR, Pair

Pairs = tuple[Pair, ...]


async def pairs_in_force(settings: Settings) -> Pairs:
    """Return the pairs of the run that owns the topics; the default pair if it has none.

    Raises:
        BrokerError: Kafka does not answer.
    """
    try:
        owner = (await read_control(settings)).owner
    except TopicError:
        return (DEFAULT_PAIR,)
    except BrokerError as error:
        if isinstance(error.__cause__, TopicAuthorizationFailedError):
            return (DEFAULT_PAIR,)  # this user may only read counts
        raise
    return owner.pairs if owner else (DEFAULT_PAIR,)


def in_order(tags: Sequence[str] | set[str], pairs: Pairs) -> list[str]:
    """Return the tags: `all`, then those of each pair and its name, then the rest by name."""
    first = ["all"]
    for pair in pairs:
        first += [pair.base, *(tag for tag in pair.of if tag != pair.base), pair.name]
    found = dict.fromkeys(tag for tag in first if tag in tags)
    return [*found, *sorted(set(tags).difference(found))]
