"""The broker's configuration. docker-compose.yml must match: tests/contracts/test_compose.py compares."""

from collections.abc import Mapping

KAFKA_VERSION = "4.3.1"

#: Settings of any one-node sandik broker, embedded or in a container.
SHARED_SETTINGS: Mapping[str, str] = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    # A misspelt topic must be an error, not a new topic with one partition.
    "auto.create.topics.enable": "false",
    # One node cannot hold the three copies that Kafka wants by default.
    "offsets.topic.replication.factor": "1",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    # 50 partitions of committed offsets are for clusters: each costs files and start-up time.
    "offsets.topic.num.partitions": "3",
    # Waiting for more members before the first assignment only delays the start.
    "group.initial.rebalance.delay.ms": "0",
}


def server_properties(port: int, controller_port: int, extra: Mapping[str, str]) -> str:
    """Return the broker's configuration file; paths in it are relative to the data directory.

    Relative, because Java reads properties files as Latin-1 and splits `log.dirs` at commas.
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


#: Everything to stdout, which the parent sends to kafka.log together with what the JVM itself says.
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
