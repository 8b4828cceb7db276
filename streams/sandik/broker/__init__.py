"""The embedded default: a real Apache Kafka, one KRaft node on 127.0.0.1, without Docker, Java or Maven.

settings   what the broker is told, shared with docker-compose.yml
jars       its jars: from Maven Central once, then from the cache, each checked by its SHA-512
jvm        one Java process that ends when this one does
probe      whether a port is free, and whether the broker answers
embedded   EmbeddedKafka: start, stop, kill, restart
command    `sandik broker` in the foreground

For development, demos and tests; docs/decisions/006-embedded-kafka.md says why not in production.
"""

from sandik.broker.command import run_broker
from sandik.broker.embedded import EmbeddedKafka
from sandik.errors import BrokerError

__all__ = ["BrokerError", "EmbeddedKafka", "run_broker"]
