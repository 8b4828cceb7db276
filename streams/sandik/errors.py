"""Every error of sandik's own, as a tree.

SandikError                     a user can fix it; the command line prints it without a traceback
├── UsageError                  the command cannot use its arguments or input (exit code 2)
├── BrokerError                 Kafka cannot be reached, started or written to
│   └── TimestampError          Kafka rejects the timestamp of a record
│       └── ClockError          because the clock of this machine is wrong
├── RegistryError               a schema registry cannot be reached, or refuses
├── TopicError                  a topic is missing or not what the workers need
└── StateError                  the state and the log of `posts` do not match

Bad posts are not errors: steps return them as `Rejected`, and they go to `posts.dlq` with a reason.
"""

#: Of a command that Ctrl-C ended.
INTERRUPTED_EXIT_CODE = 130


class SandikError(Exception):
    """A user can fix it. The message says what happened, why, and what to do."""

    exit_code = 1


class UsageError(SandikError):
    """The command was called with arguments or input that it cannot use."""

    exit_code = 2


class BrokerError(SandikError):
    """Kafka cannot be reached, started or written to."""


class TimestampError(BrokerError):
    """Kafka rejects the timestamp of a record because it is too far from its own clock."""


class ClockError(TimestampError):
    """Kafka rejects this machine's time as a timestamp."""

    def __init__(self, who: str) -> None:
        super().__init__(
            f"{who} rejects this machine's time as the timestamp of a record: it is further from Kafka's "
            "clock than the topic's message.timestamp.after.max.ms. Set this machine's clock (NTP), then "
            "start again; or run `sandik topics create`, which lets Kafka set the timestamps itself"
        )


class RegistryError(SandikError):
    """A schema registry cannot be reached, or refuses what it is asked."""


class TopicError(SandikError):
    """A topic is missing or not what the workers need."""


class StateError(SandikError):
    """The state and the log of `posts` do not match, so counts would be wrong."""
