"""Java is given the jars of jars.lock, byte for byte, or nothing."""

import hashlib
import os
import shutil
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from sandik.broker import BrokerError, EmbeddedKafka, jars
from sandik.broker.settings import KAFKA_VERSION
from tests.support.pin_jars import KAFKA, LOG_BINDING

CONTENT = {"org.example:bir:1.0": b"PK one" * 1_000, "org.example:iki:2.1": b"PK two" * 2_000}
ONE, TWO = "bir-1.0.jar", "iki-2.1.jar"


class QuietHandler(SimpleHTTPRequestHandler):
    """Serves a folder and says nothing of it."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def maven(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A repository on this machine in the place of Maven Central, with two jars; its folder."""
    folder = tmp_path / "repository"
    for coordinate, content in CONTENT.items():
        group, artifact, version = coordinate.split(":")
        path = folder / group.replace(".", "/") / artifact / version / f"{artifact}-{version}.jar"
        path.parent.mkdir(parents=True)
        path.write_bytes(content)
        path.with_name(f"{path.name}.sha1").write_text(hashlib.sha1(content).hexdigest())  # noqa: S324
    lock = tmp_path / "jars.lock"
    lines = [
        f"{hashlib.sha512(content).hexdigest()} {len(content)} {of}\n" for of, content in CONTENT.items()
    ]
    lock.write_text("# Two jars.\n" + "".join(lines))
    monkeypatch.setattr(jars, "LOCK", lock)
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(QuietHandler, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever).start()
        central = {"central": f"http://127.0.0.1:{server.server_port}"}
        monkeypatch.setattr("jgo.maven._core.DEFAULT_REMOTE_REPOS", central)
        yield folder
        server.shutdown()


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, maven: Path) -> Path:
    """The folder of jars of a cache of this test, not made yet."""
    assert maven.is_dir()
    monkeypatch.setenv("SANDIK_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache" / f"kafka-{KAFKA_VERSION}"


def no_network(_coordinate: str, _into: Path) -> Path:
    raise ConnectionError("no network")


def names_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_the_jars_are_fetched_once_and_then_found_without_a_network(
    cache: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    assert not jars.are_cached()
    fetched = jars.class_path()
    monkeypatch.setattr(jars, "download", no_network)

    assert jars.are_cached()
    assert jars.class_path() == fetched == [cache / ONE, cache / TWO]
    assert [path.read_bytes() for path in fetched] == list(CONTENT.values())
    assert names_in(cache.parent) == {cache.name, "lock"}
    assert capfd.readouterr().err.count("Fetching Kafka") == 1


def test_a_cache_that_was_copied_is_taken(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    jars.class_path()
    shutil.copytree(cache.parent, tmp_path / "copy")
    monkeypatch.setenv("SANDIK_CACHE_DIR", str(tmp_path / "copy"))
    monkeypatch.setattr(jars, "download", no_network)

    assert jars.class_path() == [tmp_path / "copy" / cache.name / name for name in (ONE, TWO)]


def append(jar: Path) -> Path:
    with jar.open("ab") as file:
        file.write(b"!")
    return jar


def flip_a_bit_and_keep_the_time(jar: Path) -> Path:
    before, content = jar.stat(), bytearray(jar.read_bytes())
    content[5] ^= 1
    jar.write_bytes(content)
    os.utime(jar, ns=(before.st_atime_ns, before.st_mtime_ns))
    return jar


def truncate(jar: Path) -> Path:
    os.truncate(jar, jar.stat().st_size - 1)
    return jar


def empty(jar: Path) -> Path:
    os.truncate(jar, 0)
    return jar


def link_to_the_same_bytes(jar: Path) -> Path:
    elsewhere = jar.rename(jar.parents[2] / "elsewhere.jar")
    jar.symlink_to(elsewhere)
    return jar


def link_to_nothing(jar: Path) -> Path:
    jar.unlink()
    jar.symlink_to(jar.parents[2] / "gone.jar")
    return jar


def folder_instead(jar: Path) -> Path:
    jar.unlink()
    jar.mkdir()
    return jar


def pipe_instead(jar: Path) -> Path:
    jar.unlink()
    os.mkfifo(jar)
    return jar


def one_more(jar: Path) -> Path:
    return Path(shutil.copy(jar, jar.with_name("slf4j-evil.jar")))


def one_more_class(jar: Path) -> Path:
    (jar.parent / "kafka").mkdir()
    return jar.parent / "kafka"


def swap(jar: Path) -> Path:
    shutil.copy(jar.with_name(TWO), jar)
    return jar


@pytest.mark.parametrize(
    "spoil",
    [
        append,
        flip_a_bit_and_keep_the_time,
        truncate,
        empty,
        link_to_the_same_bytes,
        link_to_nothing,
        folder_instead,
        pipe_instead,
        one_more,
        one_more_class,
        swap,
    ],
)
def test_what_is_foreign_in_the_cache_is_refused_by_name_and_the_advice_helps(
    cache: Path, spoil: Callable[[Path], Path]
) -> None:
    expected = jars.class_path()
    spoilt = spoil(cache / ONE)

    with pytest.raises(BrokerError) as refused:
        jars.class_path()

    assert str(refused.value).startswith(f"{spoilt} is not one of the jars that sandik runs: ")
    assert f"rm -r {cache}" in str(refused.value)
    shutil.rmtree(cache)
    assert jars.class_path() == expected


def test_lines_of_a_class_path_file_are_not_believed(cache: Path, tmp_path: Path) -> None:
    expected = jars.class_path()
    evil = tmp_path / "evil.jar"
    evil.write_bytes(b"PK evil")
    (cache.parent / f"kafka-{KAFKA_VERSION}.classpath").write_text(f"{evil}\n../evil.jar\n")

    assert jars.class_path() == expected


def test_a_jar_that_is_gone_is_fetched_again_alone(cache: Path, maven: Path) -> None:
    expected = jars.class_path()
    (cache / ONE).unlink()
    shutil.rmtree(maven / "org/example/iki")

    assert jars.class_path() == expected


def test_without_a_network_a_missing_jar_is_an_error_that_says_so(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jars, "download", no_network)

    with pytest.raises(BrokerError, match=r"Maven Central.*no network"):
        jars.class_path()
    assert list(cache.iterdir()) == []


def test_a_jar_that_the_repository_does_not_have_is_an_error_and_not_passed_over(
    cache: Path, maven: Path
) -> None:
    shutil.rmtree(maven / "org/example/iki")

    with pytest.raises(BrokerError, match="iki"):
        jars.class_path()
    assert not (cache / TWO).exists()


@pytest.mark.parametrize("spoil", [append, flip_a_bit_and_keep_the_time, truncate, swap])
@pytest.mark.parametrize("is_sha1_right", [True, False])
def test_what_comes_from_the_network_is_thrown_away_unless_it_is_the_jar(
    cache: Path, maven: Path, spoil: Callable[[Path], Path], is_sha1_right: bool
) -> None:
    served = maven / "org/example/bir/1.0" / ONE
    shutil.copy(maven / "org/example/iki/2.1" / TWO, served.parent)
    spoil(served)
    if is_sha1_right:
        digest = hashlib.sha1(served.read_bytes()).hexdigest()  # noqa: S324
        served.with_name(f"{ONE}.sha1").write_text(digest)

    with pytest.raises(BrokerError, match=r"what came as org\.example:bir:1\.0 .* is not the jar"):
        jars.class_path()

    assert list(cache.iterdir()) == []
    assert names_in(cache.parent) == {cache.name, "lock"}


def test_a_linked_lock_is_refused_and_what_it_points_to_is_left_alone(cache: Path, tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("kept")
    cache.parent.mkdir()
    (cache.parent / "lock").symlink_to(precious)

    with pytest.raises(BrokerError, match=r"lock is a symbolic link.*remove"):
        jars.class_path()

    assert precious.read_text() == "kept"


@pytest.mark.parametrize("which", ["the cache", "its folder of jars"])
def test_a_cache_that_everybody_may_write_to_is_refused(cache: Path, which: str) -> None:
    jars.class_path()
    (cache if which != "the cache" else cache.parent).chmod(0o777)

    with pytest.raises(BrokerError, match=r"everyone can write to .*chmod o-w"):
        jars.class_path()


def test_a_cache_that_belongs_to_somebody_else_is_refused(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    jars.class_path()
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    owner = cache.stat().st_uid
    monkeypatch.setattr("sandik.files.own.ROOT", owner + 2)

    with pytest.raises(BrokerError, match=f"belongs to another user .uid {owner}."):
        jars.class_path()


def test_a_place_that_java_would_take_for_two_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SANDIK_CACHE_DIR", f"{tmp_path}/a:{tmp_path}/evil.jar")

    with pytest.raises(BrokerError, match="SANDIK_CACHE_DIR"):
        jars.class_path()


@pytest.mark.parametrize("name", ["lock", "server.properties", "log4j2.properties", "kafka.log"])
@pytest.mark.usefixtures("cache")
def test_a_broker_writes_through_no_link_in_its_data_directory(tmp_path: Path, name: str) -> None:
    precious, data_dir = tmp_path / "precious", tmp_path / "data"
    precious.write_text("kept")
    data_dir.mkdir()
    (data_dir / name).symlink_to(precious)
    (data_dir / "log").mkdir()
    (data_dir / "log" / "meta.properties").touch()  # formatted: no Java is needed

    with pytest.raises(BrokerError, match=rf"{name} is a symbolic link.*remove"):
        EmbeddedKafka(data_dir).start()

    assert precious.read_text() == "kept"


def test_the_lock_is_of_the_version_that_is_run_and_names_every_jar_once() -> None:
    pinned = jars.pinned()
    names = [jar.name for jar in pinned]

    assert {KAFKA, LOG_BINDING} <= {jar.coordinate for jar in pinned}
    assert f"kafka-clients-{KAFKA_VERSION}.jar" in names
    assert len(names) == len(set(names)) > 40
    assert all(len(jar.sha512) == 128 and jar.size_bytes > 0 for jar in pinned)


def test_without_the_extra_the_error_says_what_to_install(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "jgo.maven", None)

    with pytest.raises(BrokerError, match=r"pip install 'sandik\[broker\]'"):
        jars.class_path()
    assert list(cache.iterdir()) == []
