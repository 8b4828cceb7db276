"""MirrorMaker 2, as Kafka brings it, from one broker to another, as docs/operate.md configures it."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.support.parts import jars, java, running

PAGE = Path(__file__).parents[2] / "docs/operate.md"


def properties(old: str, new: str, topics: Sequence[str]) -> str:
    """Return the configuration of the page for these brokers, of which each is alone."""
    [text] = re.findall(
        r"^```properties\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )
    text = text.replace("kafka-old:9092", old).replace("kafka-new:9092", new)
    text = re.sub(r"(->new.topics = ).*", rf"\g<1>{', '.join(topics)}", text)
    return re.sub(r"(factor = )3", r"\g<1>1", text)


@contextmanager
def mirror(folder: Path, old: str, new: str, topics: Sequence[str]) -> Iterator[Path]:
    """Copy these topics, partition to partition, until the block ends; lend its log."""
    (folder / "mirror.properties").write_text(properties(old, new, topics), encoding="utf-8")
    main = "org.apache.kafka.connect.mirror.MirrorMaker"
    with running(java(jars("connect"), main, "mirror.properties"), folder) as log:
        yield log
