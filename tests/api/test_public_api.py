"""`import sandik`: what docs/python.md says of it, with no other import."""

import asyncio
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import sandik
from sandik_schemas.count import Count
from tests.support.command import sandik as run

ROOT = Path(__file__).parents[2]
DOCS = (ROOT / "docs" / "python.md").read_text("utf-8")
POSTS = ROOT / "deploy" / "demo" / "posts.jsonl"


def blocks(language: str) -> list[str]:
    found: list[str] = re.findall(rf"^```{language}\n(.*?)^```$", DOCS, re.MULTILINE | re.DOTALL)
    return found


def python(program: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True
    )
    return done.stdout


def test_the_documented_program_prints_what_the_page_says() -> None:
    (program,), (printed,) = blocks("python"), blocks("text")

    assert python(program) == printed


def test_the_page_and_the_package_name_the_same() -> None:
    named = set(re.findall(r"^\| `sandik\.(\w+)\(", DOCS, re.MULTILINE))

    assert named <= set(sandik.__all__)
    assert {name for name in sandik.__all__ if name[0].islower()} == named - {"Settings"}
    assert set(sandik.__all__) <= set(dir(sandik))


@pytest.mark.parametrize("name", sandik.__all__)
def test_all_that_is_public_says_what_it_is(name: str) -> None:
    assert getattr(sandik, name).__doc__.strip()


def test_the_import_alone_loads_no_model_and_no_client() -> None:
    loaded = set(json.loads(python("import sandik, sys, json; print(json.dumps([*sys.modules]))")))

    assert "sandik" in loaded
    assert not loaded & {"numpy", "msgspec", "aiokafka", "faust", "pydantic", "langdetect", "asyncio"}


def test_what_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'annotat'"):
        sandik.annotat  # noqa: B018


def test_an_annotation_is_what_the_command_prints(tmp_path: Path) -> None:
    lines = POSTS.read_bytes().splitlines()[:40]
    (tmp_path / "posts.jsonl").write_bytes(b"\n".join(lines))
    printed = [
        json.loads(line) for line in run("annotate", str(tmp_path / "posts.jsonl")).stdout.splitlines()
    ]
    posts = [json.loads(line) for line in lines]

    found = sandik.annotate(
        [post["text"] for post in posts],
        lang_hints=[post.get("lang_hint") for post in posts],
        times_ms=[post["created_at_ms"] for post in posts],
    )

    assert [(one.language, [*one.tags]) for one in found] == [
        (one["language"], one["tags"]) for one in printed
    ]
    assert [one.languages for one in found] == [tuple(one["languages"]) for one in printed]
    assert any(one.tags for one in found)


def test_a_replay_gives_what_the_command_writes_in_every_format(tmp_path: Path) -> None:
    counts = sandik.replay_counts([POSTS])

    assert counts == sorted(counts, key=lambda one: (one.window_start_ms, one.language, one.tag))
    for name in ("counts.jsonl", "counts.csv", "counts.parquet"):
        done = run("replay", str(POSTS), "--out", str(tmp_path / name))
        assert done.returncode == 0, done.stderr
        assert sandik.read_counts(tmp_path / name) == counts


def test_inside_a_running_loop_it_works_as_well() -> None:
    async def inside() -> list[Count]:
        return sandik.replay_counts([POSTS])

    assert asyncio.run(inside()) == sandik.replay_counts([POSTS])


def test_a_frame_has_a_row_for_each_count() -> None:
    counts = sandik.replay_counts([POSTS])
    frame = sandik.counts_frame(counts)

    assert frame["count"].to_list() == [one.count for one in counts]
    assert frame["window_start"].to_list()[0].isoformat() == counts[0].window_start.replace("Z", "+00:00")
    assert sandik.counts_frame([]).columns.to_list() == frame.columns.to_list()


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: sandik.annotate(["a"], lang_hints=["tr", "ru"]), "lang_hints has 2 values for 1 texts"),
        (lambda: sandik.annotate(["a"], settings=sandik.Settings(detector="nope")), "SANDIK_DETECTOR"),
        (lambda: sandik.read_counts("nowhere.jsonl"), "nowhere.jsonl: No such file"),
        (lambda: sandik.read_counts(POSTS), "holds no counts"),
        (lambda: sandik.replay_counts(["nowhere.jsonl"]), "nowhere.jsonl"),
    ],
)
def test_an_error_is_one_of_sandiks_and_says_what_is_wrong(call: "object", said: str) -> None:
    assert callable(call)
    with pytest.raises(sandik.SandikError, match=said):
        call()
