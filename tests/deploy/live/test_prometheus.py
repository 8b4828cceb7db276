"""Prometheus on a live pair of workers: every expression says something, and alerts fire when provoked.

The rules are the overlays' own, in a thirtieth of their time: an alert that waits for ten minutes waits for
twenty seconds here. Those that count how often a worker comes and goes have more time: it cannot hurry.
"""

import asyncio
import json
import re
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import pytest

from sandik.broker import EmbeddedKafka, probe
from sandik.kafka.topics import all_topics, create
from sandik.settings import Settings
from tests.bursts.test_bursts import finals, running
from tests.bursts.test_bursts import records as as_records
from tests.deploy.live.machine import run
from tests.deploy.rendered import OVERLAYS, of_kind
from tests.deploy.test_alerts import ALERTS, BOARDS
from tests.support import quick_yaml
from tests.support.distant_kafka import distant, slowly
from tests.support.kafka import NewRecord, produce
from tests.support.scene import BASE_MS, a_post, some_posts, wait_for_all
from tests.support.workers import Workers, environment, quick_settings

pytestmark = [pytest.mark.deploy, pytest.mark.timeout(3000)]

FASTER = 30
PATIENCE_S = 400.0
SLOWER = {"SandikCrashLoop": 2, "SandikRebalancesOften": 3, "SandikWebhookFails": 15}
#: One that is provoked by a Kafka that is far away.
FAR = "SandikRecoveryLong"
#: The way to a Kafka, or back. A worker asks it several times, one after another, to read its state.
DISTANCE_S = 1.0


def faster(text: str, by: int = FASTER) -> str:
    """Return the text with its durations divided: `[10m]`, `for: 10m`, `recovery_seconds{…} > 120`."""

    def shorter(found: re.Match[str]) -> str:
        return f"{found[1]}{max(1, int(found[2]) * 60 // by)}s"

    text = re.sub(r"(recovery_seconds\S* > )(\d+)", lambda found: f"{found[1]}{int(found[2]) // by}", text)
    return re.sub(r"(\[|for: )(\d+)m\b", shorter, text)


class Prometheus:
    """One that looks at the workers that `targets` names, every second."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, probe.free_port()
        self.targets: dict[str, tuple[str, int]] = {}
        rules = []
        for overlay in OVERLAYS:
            [rule] = of_kind(overlay, "PrometheusRule")
            rules.append(f"{overlay}.yml")
            groups = [
                {
                    "name": group["name"],
                    "rules": [
                        quick_yaml.load(
                            faster(quick_yaml.dump(each, width=9_999), SLOWER.get(each.get("alert"), FASTER))
                        )
                        for each in group["rules"]
                    ],
                }
                for group in rule["spec"]["groups"]
            ]
            (folder / rules[-1]).write_text(quick_yaml.dump({"groups": groups}))
        [monitor] = of_kind("prod", "PodMonitor")
        [endpoint] = monitor["spec"]["podMetricsEndpoints"]
        found = {
            "job_name": "workers",
            "file_sd_configs": [{"files": ["targets.json"], "refresh_interval": "1s"}],
            "relabel_configs": [
                {"source_labels": each["sourceLabels"], "target_label": each["targetLabel"]}
                for each in endpoint["relabelings"]
            ],
        }
        every = {"scrape_interval": "1s", "evaluation_interval": "1s"}
        config = {"global": every, "rule_files": rules, "scrape_configs": [found]}
        (folder / "prometheus.yml").write_text(quick_yaml.dump(config))
        self.watch()

    def watch(self, **targets: tuple[str, int]) -> None:
        """Look at these, too: by the pod's name, its namespace and its port."""
        self.targets |= targets
        listed = [
            {
                "targets": [f"127.0.0.1:{port}"],
                "labels": {"__meta_kubernetes_namespace": space, "__meta_kubernetes_pod_name": name},
            }
            for name, (space, port) in self.targets.items()
        ]
        (self.folder / "targets.json").write_text(json.dumps(listed))

    def ask(self, path: str, **parameters: str) -> Any:
        """Return the data of an answer of its API."""
        address = f"http://127.0.0.1:{self.port}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
        with urllib.request.urlopen(address, timeout=10) as answer:
            return json.load(answer)["data"]

    def firing(self) -> set[tuple[str, str]]:
        """Return the alerts that fire, and of which job."""
        alerts = self.ask("alerts")["alerts"]
        return {(a["labels"]["alertname"], a["labels"]["job"]) for a in alerts if a["state"] == "firing"}


@contextmanager
def prometheus(folder: Path) -> Iterator[Prometheus]:
    run("prometheus", "--version")
    found = Prometheus(folder)
    command = ["prometheus", f"--config.file={folder / 'prometheus.yml'}"]
    command += [f"--storage.tsdb.path={folder / 'data'}", f"--web.listen-address=127.0.0.1:{found.port}"]
    with (folder / "prometheus.log").open("wb") as log, subprocess.Popen(command, stderr=log) as process:
        try:
            yield found
        finally:
            process.terminate()


async def until(condition: Callable[[], bool], what: str) -> None:
    give_up_s = time.monotonic() + PATIENCE_S
    while True:
        try:
            if await asyncio.to_thread(condition):
                return
        except OSError:
            pass  # it is starting
        assert time.monotonic() < give_up_s, f"not within {PATIENCE_S:.0f} s: {what}"
        await asyncio.sleep(1)


@asynccontextmanager
async def flow(
    settings: Settings, records: Callable[[int], list[NewRecord]], topic: str = "posts"
) -> AsyncIterator[None]:
    """Write what `records` makes of a number, again and again."""

    async def write() -> None:
        number = 0
        while True:
            await produce(settings.broker, settings.topic(topic), records(number))
            number += 1
            await asyncio.sleep(0.5)

    writing = asyncio.create_task(write())
    try:
        yield
    finally:
        writing.cancel()


def posts(number: int, *, late: bool = False) -> list[NewRecord]:
    """Return a post of each partition, all of one time: so the watermark stands still."""
    time_ms = BASE_MS - 86_400_000 * late
    return [(*a_post(number * 4 + partition, time_ms), partition, None) for partition in range(4)]


MANY = [record for number in range(5_000) for record in posts(1_000_000 + number)]


def mixed(number: int) -> list[NewRecord]:
    """Return posts of which some are too late, and some records that are none."""
    bad = [(b"bad", b"no post", partition, None) for partition in range(4)]
    return [*posts(2 * number), *posts(2 * number + 1, late=True), *bad]


def many(_number: int) -> list[NewRecord]:
    """Return five thousand posts of each partition, the same each time: to make them takes its time, too."""
    return MANY


def quiet(_number: int) -> list[NewRecord]:
    """Return half an hour of final counts in which nothing stands out."""
    return as_records([count for minute in range(31) for count in finals(minute, 3)])


def burst(number: int) -> list[NewRecord]:
    """Return a minute after it that stands out, more each time."""
    return as_records(finals(31, 40 + number, revision=2 + number))


def expressions() -> Iterator[str]:
    """Yield every expression of rules, dashboard and autoscaling of prod."""
    [rule], [scaled] = of_kind("prod", "PrometheusRule"), of_kind("prod", "ScaledObject")
    for group in rule["spec"]["groups"]:
        yield from (each["expr"] for each in group["rules"])
    yield from (trigger["metadata"]["query"] for trigger in scaled["spec"]["triggers"])
    for board in BOARDS:
        for panel in json.loads(board.read_text(encoding="utf-8"))["panels"]:
            yield from (target["expr"] for target in panel["targets"])


def series_of(expression: str) -> str:
    """Return what the expression looks at before it compares: that must be there while all is well."""
    asked = expression.replace("$__rate_interval", "10m").replace("$__range", "10m").replace("$job", "sandik")
    depth = 0
    for at, letter in enumerate(asked):
        depth += (letter == "(") - (letter == ")")
        if not depth and asked[at:].startswith((" > ", " == ")):
            return faster(asked[:at])
    return faster(asked)


def pair_is_ready(watch: Prometheus) -> bool:
    return len(watch.ask("query", query='sandik_ready{job="sandik"} == 1')["result"]) == 2


def is_ready(watch: Prometheus, instance: str) -> bool:
    return bool(watch.ask("query", query=f'sandik_ready{{instance="{instance}"}} == 1')["result"])


def silent(watch: Prometheus) -> list[str]:
    """Return the expressions that say nothing of a pair that is well, but for those that must not."""
    asked = sorted({each for each in expressions() if "absent(" not in each})
    return [each for each in asked if not watch.ask("query", query=series_of(each))["result"]]


async def test_every_expression_speaks_and_alerts_fire_when_provoked(tmp_path: Path) -> None:
    folders = {name: tmp_path / name for name in ("prometheus", "a", "b", "c", "dev")}
    gone = f"http://127.0.0.1:{probe.free_port()}"  # where nobody listens
    for folder in folders.values():
        folder.mkdir()
    kafka = EmbeddedKafka(tmp_path / "kafka")
    with kafka, prometheus(folders["prometheus"]) as watch:
        # One that dies is missed late, as with names; small batches, so that not all is counted at once.
        settings = quick_settings(kafka.bootstrap_servers).model_copy(
            update={"session_timeout_ms": 45_000, "batch_posts": 5}
        )
        other = quick_settings(kafka.bootstrap_servers)
        bursting = quick_settings(kafka.bootstrap_servers).model_copy(update={"bursts": "on"})
        for each in (settings, other, bursting):
            await create(each, all_topics(each))
        ports = {name: probe.free_port() for name in ("a", "b", "c", "dev")}
        a, b, c, dev = (
            Workers(environment(each) | {"SANDIK_OPS_PORT": str(ports[name])}, folders[name])
            for name, each in (("a", settings), ("b", settings), ("c", settings), ("dev", other))
        )
        provoked = set()

        async def fires(alert: str, why: str) -> None:
            await until(lambda: (alert, "sandik") in watch.firing(), f"{alert} fires: {why}")
            provoked.add(alert)

        async def comes_and_goes(alert: str) -> None:
            while (alert, "sandik") not in await asyncio.to_thread(watch.firing):
                worker = c.start()
                await until(lambda: is_ready(watch, "c"), "the third worker is ready")
                assert c.terminate(worker) == 0
                await until(lambda: not is_ready(watch, "c"), "it has gone")
            provoked.add(alert)

        await produce(settings.broker, bursting.topic("counts"), quiet(0))
        with a, b, c, dev, running(bursting, gone) as address:
            watch.watch(bursts=("sandik", urllib.parse.urlsplit(address).port or 0))
            dev.start()
            watch.watch(dev=("sandik-dev", ports["dev"]))
            await fires("SandikNoWorkers", "prod has no worker, though dev is well")
            pair = {"a": a.start(), "b": b.start()}
            watch.watch(a=("sandik", ports["a"]), b=("sandik", ports["b"]))
            await until(lambda: pair_is_ready(watch), "both are ready")
            async with flow(settings, posts):
                await fires("SandikWatermarkStalled", "all posts are of one time")
            async with flow(settings, mixed):
                await fires("SandikRejectsBurst", "a third is no post")
                await fires("SandikLateBurst", "a third is too late")
                await until(lambda: not silent(watch), f"each expression says something: {silent(watch)}")
            bad = [(b"bad", b"no post", 0, None)] * 2_000
            await produce(settings.broker, settings.topic("posts"), bad)
            await fires("SandikPartitionPaused", "two thousand records in a row are none")
            async with flow(bursting, burst, "counts"):
                await fires("SandikWebhookFails", "nobody listens there")
            watch.watch(dev=("sandik", ports["dev"]))
            await fires("SandikTwoMergeOwners", "two runs have one name")
            watch.watch(dev=("sandik-dev", ports["dev"]))
            owners = watch.ask("query", query='sandik_merge_owner{job="sandik"} == 1')["result"]
            for owner in {one["metric"]["instance"] for one in owners} & pair.keys():
                pair[owner].kill()
            await fires("SandikNoMergeOwner", "its owner is dead, and not yet missed")
            async with flow(settings, many):
                await fires("SandikLagGrows", "more come than one worker counts")
                await fires("SandikEndToEndSlow", "what waits gets old")
            watch.watch(c=("sandik", ports["c"]))
            await comes_and_goes("SandikCrashLoop")
            await comes_and_goes("SandikRebalancesOften")
            kafka.kill()
            await fires("SandikNotReady", "Kafka is away")

    assert provoked | {FAR} == {alert["alert"] for alert in ALERTS}


async def test_a_recovery_that_takes_long_is_told(tmp_path: Path) -> None:
    """The rule asks for a thirtieth of two minutes; every answer of Kafka takes two seconds."""
    far, folder = tmp_path / "far", tmp_path / "prometheus"
    for each in (far, folder):
        each.mkdir()
    port = probe.free_port()
    changes = {"ops_port": port, "session_timeout_ms": 45_000}
    with prometheus(folder) as watch, distant(tmp_path) as kafka:
        async with slowly(kafka, far, DISTANCE_S, changes) as (scene, workers, follower):
            with Workers(environment(scene.settings), tmp_path) as near:
                worker = near.start()
                await scene.write(some_posts(200))
                await wait_for_all(follower, scene, near)
                assert near.terminate(worker) == 0
            watch.watch(a=("sandik", port))
            workers.start()
            await until(lambda: (FAR, "sandik") in watch.firing(), f"{FAR} fires: its Kafka is far away")
            await until(lambda: is_ready(watch, "a"), "it counts nevertheless")
