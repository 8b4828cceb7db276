"""MirrorMaker 2, as Kafka brings it, from one broker to another."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.support.parts import jars, java, running

#: docs/operate.md shows this file; of several brokers, the copies are three.
PROPERTIES = """\
clusters = old, new
old.bootstrap.servers = {old}
new.bootstrap.servers = {new}
old->new.enabled = true
old->new.topics = {topics}
replication.policy.class = org.apache.kafka.connect.mirror.IdentityReplicationPolicy
sync.topic.configs.enabled = false
sync.topic.acls.enabled = false
emit.checkpoints.enabled = false
emit.heartbeats.enabled = false
refresh.topics.interval.seconds = 5
replication.factor = 1
offset-syncs.topic.replication.factor = 1
config.storage.replication.factor = 1
offset.storage.replication.factor = 1
status.storage.replication.factor = 1
"""


@contextmanager
def mirror(folder: Path, old: str, new: str, topics: Sequence[str]) -> Iterator[Path]:
    """Copy these topics, partition to partition, until the block ends; lend its log."""
    (folder / "mirror.properties").write_text(
        PROPERTIES.format(old=old, new=new, topics=", ".join(topics)), encoding="utf-8"
    )
    main = "org.apache.kafka.connect.mirror.MirrorMaker"
    with running(java(jars("connect"), main, "mirror.properties"), folder) as log:
        yield log
