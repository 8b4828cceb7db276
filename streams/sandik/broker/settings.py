"""The broker's configuration. tests/contracts/test_compose.py checks that docker-compose.yml has the same."""

from collections.abc import Mapping

KAFKA_VERSION = "4.3.1"

#: Settings of a broker that is alone, embedded or in a container.
SHARED_SETTINGS: Mapping[str, str] = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    # A misspelt topic is an error, not a new topic with one partition.
    "auto.create.topics.enable": "false",
    # One broker cannot have the three replicas that are Kafka's default.
    "offsets.topic.replication.factor": "1",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    # Kafka's default is 50 partitions of committed offsets: each costs files and time at the start.
    "offsets.topic.num.partitions": "3",
    # Kafka waits for more members before it first assigns partitions. That only delays the start.
    "group.initial.rebalance.delay.ms": "0",
}


def server_properties(port: int, controller_port: int, extra: Mapping[str, str]) -> str:
    """Return the broker's configuration file, with paths relative to the data directory.

    Java reads properties files as Latin-1, and splits `log.dirs` at commas: an absolute path may break.
    """
    broker = f"PLAINTEXT://127.0.0.1:{port}"
    settings = {
        **SHARED_SETTINGS,
        "controller.quorum.voters": f"{SHARED_SETTINGS['node.id']}@127.0.0.1:{controller_port}",
        "listeners": f"{broker},CONTROLLER://127.0.0.1:{controller_port}",
        "advertised.listeners": broker,
        "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
        "inter.broker.listener.name": "PLAINTEXT",
        "log.dirs": "log",
        **extra,
    }
    return "".join(f"{name}={value}\n" for name, value in settings.items())


#: Everything goes to stdout, which the parent appends to kafka.log with the messages of the JVM itself.
LOG4J2 = """\
status=warn
# Kafka logs most while it stops; by default log4j would stop first.
shutdownHook=disable
appender.out.type=Console
appender.out.name=out
appender.out.layout.type=PatternLayout
appender.out.layout.pattern=%d{yyyy-MM-dd'T'HH:mm:ss.SSSXXX} %-5p %c{1}: %m%n
rootLogger.level=info
rootLogger.appenderRef.out.ref=out
# Both print their whole configuration at every start.
logger.config.name=org.apache.kafka.common.config.AbstractConfig
logger.config.level=warn
logger.types.name=org.apache.kafka.common.utils.AppInfoParser
logger.types.level=warn
"""
