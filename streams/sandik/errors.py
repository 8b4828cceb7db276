"""Every error of sandik's own, as a tree.

SandikError                     what a user can mend; the command line prints it without a traceback
├── UsageError                  the command was called with something it cannot use (exit code 2)
├── BrokerError                 Kafka cannot be reached, started or written to
│   └── TimestampError          Kafka does not take the timestamp of a record
│       └── ClockError          which is the time of this machine
├── TopicError                  a topic is missing or not what the workers need
└── StateError                  the state and the log of `posts` do not fit together

Bad posts are not errors: steps return them as `Rejected`, and they go to `posts.dlq` with a reason.
"""


class SandikError(Exception):
    """What a user can mend. The message says what is wrong, where, and what to do."""

    exit_code = 1


class UsageError(SandikError):
    """The command was called with something it cannot use."""

    exit_code = 2


class BrokerError(SandikError):
    """Kafka cannot be reached, started or written to."""


class TimestampError(BrokerError):
    """Kafka does not take the timestamp of a record, which is too far from its own clock."""


class ClockError(TimestampError):
    """Kafka does not take this machine's time for a timestamp."""

    def __init__(self, who: str) -> None:
        super().__init__(
            f"{who} does not take this machine's time for the timestamp of a record: it is further "
            "from Kafka's clock than the topic's message.timestamp.after.max.ms. Set this machine's clock "
            "(NTP), then start again. `sandik topics create` lets Kafka stamp the records itself"
        )


class TopicError(SandikError):
    """A topic is missing or not what the workers need."""


class StateError(SandikError):
    """The state and the log of `posts` do not fit together, so counts would be wrong."""
