"""Java that is ready to serve in a third of the time and of the work: no class of Kafka is compiled anew.

`python -m tests.support.quick_java` starts a broker once, lets workers count on it, and keeps what Java has
learnt of that beside the JDK that has learnt it. Without that file, or with one of another JDK, Java starts
as it always does.
"""

import asyncio
import os
import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from sandik.broker import EmbeddedKafka

LEARNT = Path(sys.prefix) / "kafka.aot"
#: Read by every `java`, also one that a command of ours starts.
VARIABLE = "JDK_JAVA_OPTIONS"
#: A broker of a test lives too short for what the optimizing compiler costs.
_SHORT_LIVED = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"


def use_what_was_learnt() -> None:
    """Let every Java that this process starts, and those that its children start, begin where one ended."""
    os.environ.setdefault(VARIABLE, f"{_SHORT_LIVED} -XX:AOTCache={LEARNT}")


def learn() -> None:
    """Start, use and stop a broker, and keep what Java has learnt."""
    with TemporaryDirectory() as folder:
        unfinished = Path(folder) / "kafka.aot"
        os.environ[VARIABLE] = f"{_SHORT_LIVED} -XX:AOTCacheOutput={unfinished}"
        broker = EmbeddedKafka(Path(folder) / "kafka")
        broker.start()
        asyncio.run(_use(broker.bootstrap_servers, Path(folder)))
        broker.stop(deadline_s=120)
        shutil.move(unfinished, LEARNT)


async def _use(bootstrap: str, folder: Path) -> None:
    """Do what most tests do with a broker: make topics, write, count as a group, and read."""
    from tests.support.scene import Scene, brief, some_posts, wait_for_all
    from tests.support.workers import counting, quick_settings

    scene = await Scene.made(brief(quick_settings(bootstrap)))
    async with counting(scene.settings, folder) as (workers, follower):
        started = workers.start(), workers.start()
        await scene.write(some_posts(2_000))
        await wait_for_all(follower, scene, workers)
        await scene.wait_for_shares([2, 2])
        for worker in started:
            workers.terminate(worker)


if __name__ == "__main__":
    learn()
