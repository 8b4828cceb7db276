"""The recipes whose other end is a program of its own: PostgreSQL, Kafka Connect and OpenSearch, for real."""

import json
import random
import re
import shutil
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from sandik.broker import probe
from tests.recipes.recipe import Counted, blocks
from tests.recipes.test_programs import running as running_program
from tests.recipes.test_programs import shell
from tests.support.kafka import create_topic, wait_until
from tests.support.parts import OPENSEARCH, jars, java, running
from tests.support.postgres import Postgres, postgres

pytestmark = [pytest.mark.broker, pytest.mark.long, pytest.mark.timeout(1200)]

CELLS = "SELECT window_start_ms, window_end_ms, language, tag, count, revision FROM counts"
PATIENCE_S = 400


@pytest.fixture
def database() -> Iterator[Postgres]:
    with postgres() as found:
        yield found


def wanted(counted: Counted) -> list[tuple[str, ...]]:
    names = ("window_start_ms", "window_end_ms", "language", "tag", "count", "revision")
    return sorted(tuple(str(cell[name]) for name in names) for cell in counted.cells.values())


def literal(value: object) -> str:
    return f"'{value}'" if isinstance(value, str) else json.dumps(value)


def test_in_postgresql_the_upsert_lets_the_revision_decide(counted: Counted, database: Postgres) -> None:
    make, upsert = blocks("jdbc", "sql")
    counts = [json.loads(value) for _, value in counted.records] * 2
    random.Random(1).shuffle(counts)
    statements = [re.sub(r":(\w+)", lambda name: literal(count[name[1]]), upsert) for count in counts]  # noqa: B023

    database.run(make + ";\n".join(statements) + ";")

    assert sorted(database.run(CELLS)) == wanted(counted)


async def test_kafka_connect_keeps_the_table_by_the_recipe(
    counted: Counted, database: Postgres, tmp_path: Path
) -> None:
    settings, topic = counted.settings, counted.settings.topic("counts.enveloped")
    await create_topic(settings.broker, topic)
    [sink], [envelope] = map(json.loads, blocks("jdbc", "json")), blocks("jdbc", "python")
    sink["config"] |= {
        "topics": topic,
        "connection.url": f"jdbc:postgresql://127.0.0.1:{database.port}/sandik",
    }
    (tmp_path / "sink.json").write_text(json.dumps(sink))
    (tmp_path / "plugins").mkdir()
    (tmp_path / "plugins/jdbc").symlink_to(jars("jdbc")[0].parent)
    (tmp_path / "connect.properties").write_text(
        f"bootstrap.servers={settings.broker}\n"
        f"listeners=http://127.0.0.1:{probe.free_port()}\n"
        "plugin.path=plugins\n"
        "plugin.discovery=only_scan\n"
        f"offset.storage.file.filename={tmp_path / 'offsets'}\n"
        "key.converter=org.apache.kafka.connect.storage.StringConverter\n"
        "value.converter=org.apache.kafka.connect.json.JsonConverter\n"
    )
    main = ("org.apache.kafka.connect.cli.ConnectStandalone", "connect.properties", "sink.json")

    def is_there() -> bool:
        found = "SELECT count(*) FROM information_schema.tables WHERE table_name = 'counts'"
        return database.run(found) == [("1",)] and sorted(database.run(CELLS)) == wanted(counted)

    with running_program(counted.adapted(envelope)), running(java(jars("connect"), *main), tmp_path):
        await wait_until(is_there, PATIENCE_S, "the table has the counts")


@contextmanager
def opensearch(folder: Path) -> Iterator[str]:
    """Lend the address of an OpenSearch of one node."""
    port, transport = probe.free_port(), probe.free_port()
    module = folder / "modules/transport-netty4"
    module.mkdir(parents=True)
    for jar in jars("opensearch-http"):
        shutil.copy(jar, module)
    for name in ("config", "plugins", "data", "logs"):
        (folder / name).mkdir()
    # The jar on Maven Central lacks what the archive of a release has beside it.
    (module / "plugin-descriptor.properties").write_text(
        "name=transport-netty4\ndescription=HTTP\njava.version=21\n"
        f"version={OPENSEARCH}\nopensearch.version={OPENSEARCH}\n"
        "classname=org.opensearch.transport.Netty4ModulePlugin\nhas.native.controller=false\n"
    )
    (folder / "config/opensearch.yml").write_text(
        "discovery.type: single-node\nnetwork.host: 127.0.0.1\n"
        f"http.port: {port}\ntransport.port: {transport}\n"
    )
    (folder / "config/log4j2.properties").write_text("rootLogger.level = error\n")
    # JNA may not unpack its library: with it, OpenSearch sees that it is root, and refuses to start.
    options = ["-Djna.nounpack=true", "-Djna.nosys=true"]
    options += [f"-Dopensearch.path.home={folder}", f"-Dopensearch.path.conf={folder / 'config'}"]
    command = java(jars("opensearch"), "org.opensearch.bootstrap.OpenSearch", options=options)
    with running(command, folder) as log:
        give_up_s = time.monotonic() + PATIENCE_S
        while True:
            try:
                ask(f"http://127.0.0.1:{port}/")
                break
            except OSError:
                assert time.monotonic() < give_up_s, log.read_text()[-3000:]
                time.sleep(0.5)
        yield f"http://127.0.0.1:{port}"


def ask(url: str, method: str = "GET", content: bytes | None = None) -> Any:
    kind = {"Content-Type": "application/x-ndjson" if url.endswith("_bulk") else "application/json"}
    request = urllib.request.Request(url, content, kind, method=method)  # noqa: S310 - the test's own
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
        return json.load(answer)


def test_opensearch_keeps_the_highest_revision_of_each_cell(counted: Counted, tmp_path: Path) -> None:
    shell(counted, "elasticsearch", 0, tmp_path)
    bulk = (tmp_path / "bulk.ndjson").read_bytes()
    index, _ = blocks("elasticsearch", "json")
    lines = [json.loads(line) for line in bulk.splitlines()]
    for action, document in zip(lines[::2], lines[1::2], strict=True):
        action["index"]["version"] -= 1
        document["count"] = -1
    older = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
    with opensearch(tmp_path / "opensearch") as url:
        ask(f"{url}/counts", "PUT", index.encode())
        first = ask(f"{url}/_bulk", "POST", bulk)
        again, late = (ask(f"{url}/_bulk", "POST", one) for one in (bulk, older))
        ask(f"{url}/counts/_refresh", "POST")
        found = ask(f"{url}/counts/_search?size=10000")["hits"]["hits"]

    assert {one["index"]["status"] for one in first["items"]} == {201}
    assert {one["index"]["status"] for answer in (again, late) for one in answer["items"]} == {409}
    assert {one["_id"]: one["_source"] for one in found} == counted.cells
