"""A manifest, and what lies beside it, may be anybody's: nothing is written that is not ours to write."""

import copy
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandik.counting.state import PartitionState
from sandik.errors import StateError, UsageError
from sandik.kafka.ranges import Slice
from sandik.replay.checkpoint import Checkpoint, Saved
from sandik.replay.local_log import check_inputs
from sandik.replay.manifest import Manifest, Output, load
from sandik.replay.plan import MAX_PARTITIONS, Input, Plan, Rules
from sandik.replay.request import begun_in
from sandik.replay.results import rows_of
from sandik.settings import Settings
from sandik_schemas.partial import PartitionClock, Tally
from tests.support.command import refused, sandik, succeed
from tests.support.scene import some_posts

ZEROS = "0" * 64
RULES = Rules("run", "lex", "det", 60_000, 30_000, 600_000, 300_000, True, "fasttext", None)
PLAN = Plan(
    RULES, "event", None, None, False, 2, [Slice(0, 0, 9), Slice(1, 0, 9)], inputs=[Input("p", 3, ZEROS)]
)
HONEST = msgspec.to_builtins(
    Manifest(1, Output("a.csv", False, 1, ZEROS, ZEROS), PLAN, Tally(), 0, {"sandik": "1"}, "", "\n", "")
)
TOO_MANY = [[partition, 0, 0] for partition in range(MAX_PARTITIONS + 1)]


def written(folder: Path, value: object) -> Path:
    path = folder / "a.csv.manifest.json"
    path.write_bytes(msgspec.json.encode(value))
    return path


def changed(place: str, value: object) -> Any:
    """The honest manifest with something else at a place such as `plan.slices.0`."""
    found = copy.deepcopy(HONEST)
    *way, last = place.split(".")
    at = found
    for name in way:
        at = at[int(name) if isinstance(at, list) else name]
    at[int(last) if isinstance(at, list) else last] = value
    return found


def test_an_honest_manifest_is_read_with_whole_names(tmp_path: Path) -> None:
    plan = load(written(tmp_path, HONEST)).plan

    assert plan == msgspec.structs.replace(PLAN, inputs=[Input(str(tmp_path / "p"), 3, ZEROS)])


@pytest.mark.parametrize(
    ("place", "value"),
    [
        *[
            ("output.name", name)
            for name in (
                "", ".", "..", "../a.csv", "/etc/a.csv", "b/a.csv", "a.csv/", "./a.csv", "a.txt", "a", ".csv",
                "a\0.csv", "a\n.csv", "\x1b[2Ja.csv", 7, None, ["a.csv"],
            )
        ],
        ("output.sha256", None),
        ("output.sha256", "../" + ZEROS),
        ("output.rows", -1),
        ("output", HONEST["output"] | {"is_topic": True, "name": "a b"}),
        ("terms", HONEST["output"]),
        ("terms", HONEST["output"] | {"name": "../t.csv"}),
        ("wider", {"hopping": HONEST["output"] | {"name": "h.csv"}}),
        ("wider", {"../x": HONEST["output"]}),
        ("software", {"\x1b[2J": "1"}),
        ("form", 2),
        ("plan.partitions", 50_000_000),
        ("plan.partitions", 1),
        ("plan.partitions", -1),
        ("plan.partitions", 2.5),
        ("plan.partitions", "2"),
        ("plan.slices", []),
        ("plan.slices", [[0, 0, 9]]),
        ("plan.slices", [[0, 0, 9], [0, 0, 9]]),
        ("plan.slices", [[1, 0, 9], [2, 0, 9]]),
        ("plan.slices.0", [0, 9, 0]),
        ("plan.slices.0", [0, -1, 0]),
        ("plan.slices.0", [0, 0, 10**30]),
        ("plan.slices.0", [0, 0, 1e30]),
        ("plan.topic", "posts"),
        ("plan.inputs", []),
        ("plan.inputs.0.name", "../p"),
        ("plan.inputs.0.name", "x/../p"),
        ("plan.inputs.0.name", "out/p"),
        ("plan.inputs.0.name", "p\0"),
        ("plan.inputs.0.size_bytes", -1),
        ("plan.inputs.0.sha256", "x"),
        ("plan.rules.lexicon", "../words"),
        ("plan.rules.window_size_ms", 0),
        ("plan.rules.window_size_ms", 10**18),
        ("plan.rules.allowed_lateness_ms", -1),
        ("plan.spans", {"hopping_size_ms": 60_000}),
        ("plan.spans", {"session_gap_ms": 7}),
        ("plan.reading", {"columns": 7}),
        ("plan.from_ms", 10**40),
    ],
)  # fmt: skip
def test_what_no_replay_would_have_written_is_refused_before_anything_is_opened(
    tmp_path: Path, place: str, value: object
) -> None:
    (tmp_path / "out").symlink_to(tmp_path.parent)
    path = written(tmp_path, changed(place, value))
    with pytest.raises(UsageError, match=r"a\.csv\.manifest\.json (cannot be used|is not a manifest)"):
        load(path)


def test_huge_ones_are_refused(tmp_path: Path) -> None:
    many = changed("plan.slices", TOO_MANY)
    many["plan"]["partitions"] = len(TOO_MANY)
    wide = changed("plan.spans", {"hopping_size_ms": 10**15, "hopping_advance_ms": 60_000})
    wide["wider"] = {"hopping": HONEST["output"] | {"name": "h.csv"}}
    for value, says in ((many, "partitions at most"), (wide, "advances")):
        with pytest.raises(UsageError, match=says):
            load(written(tmp_path, value))


@pytest.mark.parametrize(
    "data", [b"", b"\xff", b"[" * 100_000, b"{}", b"null", b'"\\ud800"', b" " * (65 << 20)]
)
def test_what_is_no_manifest_is_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "m.json"
    path.write_bytes(data)
    with pytest.raises(UsageError, match=r"m\.json is not a manifest of a replay"):
        load(path)


VALUES = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(), st.text(max_size=9),
        st.sampled_from(["..", "/", "a.csv", ZEROS, "off", "event"]),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=9), inner)),
    max_leaves=4,
)  # fmt: skip


def places(value: Any, prefix: str = "") -> list[str]:
    named = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    found = []
    for name, inner in named:
        found += [f"{prefix}{name}", *places(inner, f"{prefix}{name}.")]
    return found


@given(st.sampled_from(places(HONEST)), VALUES)
def test_any_other_value_is_refused_or_usable(
    tmp_path_factory: pytest.TempPathFactory, place: str, value: object
) -> None:
    folder = tmp_path_factory.mktemp("m")
    path = folder / "m.json"
    path.write_text(json.dumps(changed(place, value)))  # also what is no JSON: NaN, and integers of any size
    try:
        manifest = load(path)
        check_inputs(manifest.plan.inputs)
        manifest.plan.rules.settings(Settings())
    except (UsageError, StateError):
        return
    outputs = [manifest.output, *manifest.wider.values(), *([manifest.terms] if manifest.terms else [])]
    assert all((folder / one.name).parent == folder for one in outputs if not one.is_topic)


@pytest.fixture(scope="module")
def replayed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small replay of a file, as it would be handed on."""
    folder = tmp_path_factory.mktemp("replayed")
    (folder / "posts.jsonl").write_bytes(b"".join(value + b"\n" for _, value in some_posts(40)))
    out = folder / "a.csv"
    fast = {"SANDIK_DETECTOR": "fasttext", "SANDIK_PARTITIONS": "2"}
    succeed("replay", str(folder / "posts.jsonl"), "--out", str(out), "--terms", environment=fast)
    return folder


def handed_on(replayed: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "handed on"
    shutil.copytree(replayed, folder)
    return folder


def contents(folder: Path) -> dict[str, bytes | str]:
    return {
        str(path.relative_to(folder)): str(path.readlink()) if path.is_symlink() else path.read_bytes()
        for path in folder.rglob("*")
        if path.is_symlink() or path.is_file()
    }


@pytest.mark.parametrize("which", ["output", "terms"])
@pytest.mark.parametrize("name", ["{folder}/../victim.csv", "../victim.csv"])
def test_a_manifest_writes_nothing_elsewhere(replayed: Path, tmp_path: Path, which: str, name: str) -> None:
    folder = handed_on(replayed, tmp_path)
    victim = tmp_path / "victim.csv"
    victim.write_text("precious")
    path = folder / "a.csv.manifest.json"
    manifest = json.loads(path.read_text())
    manifest[which]["name"] = name.format(folder=folder.resolve())
    path.write_text(json.dumps(manifest))
    before = contents(tmp_path)

    refused("replay", "--manifest", str(path), says="is not the name of a")
    assert contents(tmp_path) == before


def test_what_lies_beside_a_manifest_is_neither_believed_nor_replaced(replayed: Path, tmp_path: Path) -> None:
    """Planted are a count that is done already, links to other files in place of ours, and a folder."""
    folder = handed_on(replayed, tmp_path)
    victim = tmp_path / "victim"
    victim.write_text("precious")
    manifest = json.loads((folder / "a.csv.manifest.json").read_text())
    planted = folder / "a.csv.verify"
    planted.mkdir()
    (planted / "plan.json").write_text(json.dumps(manifest["plan"]))
    for name in ("0.state", "0.windows", "1.state", "1.windows", "0.log", "1.log"):
        (planted / name).symlink_to(victim)
    expected = (folder / "a.csv").read_bytes()
    (folder / "a.csv").unlink()
    (folder / "a.terms.csv").unlink()
    (folder / "a.terms.csv").symlink_to(tmp_path / "not there")
    before = contents(tmp_path)

    refused(
        "replay", "--manifest", str(folder / "a.csv.manifest.json"), says="a.terms.csv has changed", code=1
    )
    assert contents(tmp_path) == before | {f"{folder.name}/a.csv": expected}
    refused(
        *("replay", "--force", "--manifest", str(folder / "a.csv.manifest.json")),
        says="remove all other options",
    )


def a_checkpoint(folder: Path) -> Checkpoint:
    return Checkpoint(folder, "run", 0, 5, 9)


def saved(**values: object) -> Saved:
    usual = {"form": 2, "next_offset": 7, "is_done": True, "windows_bytes": 0}
    clock = PartitionState.empty("run", 0).clock
    return Saved(**{**usual, "entries": [clock], **values})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xc1" * 9,
        b"\x91" * 5_000,
        *map(
            msgspec.msgpack.encode,
            [
                {"next_offset": "x"},
                saved(form=1),
                saved(next_offset=4),
                saved(next_offset=10),
                saved(next_offset=2**64 - 1),
                saved(windows_bytes=-1),
                saved(windows_bytes=11),
                saved(windows_bytes=2**60),
                saved(entries=[]),
                saved(entries=[PartitionClock("run", 1, 0, None, False)]),
                saved(entries=[PartitionClock("run", 0, 0, None, False)] * 2),
            ],
        ),
    ],
)
def test_a_checkpoint_that_is_none_is_an_error_and_left_as_it_is(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "0.windows").write_bytes(b"0123456789")
    (tmp_path / "0.state").write_bytes(data)
    with pytest.raises(StateError, match=r"0\.state is not what .* delete the folder"):
        a_checkpoint(tmp_path)
    assert contents(tmp_path) == {"0.windows": b"0123456789", "0.state": data}


def test_windows_that_are_none_are_an_error(tmp_path: Path) -> None:
    (tmp_path / "0.state").write_bytes(msgspec.msgpack.encode(saved()))
    with pytest.raises(StateError, match=r"0\.windows is missing"):
        a_checkpoint(tmp_path)
    (tmp_path / "0.windows").write_bytes(b"not json\n")
    (tmp_path / "0.state").write_bytes(msgspec.msgpack.encode(saved(windows_bytes=9)))
    plan = msgspec.structs.replace(PLAN, slices=[Slice(0, 5, 9)])
    with pytest.raises(StateError, match="is not what an interrupted replay leaves behind"):
        list(rows_of("counts", plan, tmp_path, 0))


def a_link(folder: Path) -> None:
    folder.symlink_to(folder.parent)


def a_folder_of_somebody(folder: Path) -> None:
    folder.mkdir()
    (folder / "notes.txt").write_text("mine")


def a_broken_plan(folder: Path) -> None:
    folder.mkdir()
    (folder / "plan.json").write_text('{"request": 1}')


@pytest.mark.parametrize("plant", [a_link, a_folder_of_somebody, a_broken_plan])
def test_a_folder_in_the_place_of_a_checkpoint_is_neither_gone_on_from_nor_deleted(
    tmp_path: Path, plant: Callable[[Path], None]
) -> None:
    (tmp_path / "posts.jsonl").write_bytes(some_posts(1)[0][1] + b"\n")
    plant(tmp_path / "a.csv.replay")
    before = contents(tmp_path)

    done = refused(
        "replay", str(tmp_path / "posts.jsonl"), "--out", str(tmp_path / "a.csv"), says="a.csv.replay"
    )
    assert b"Traceback" not in done.stderr
    assert contents(tmp_path) == before


def test_a_checkpoint_with_a_link_in_it_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "a.csv.replay"
    folder.mkdir()
    request = {"out": "a.csv", "topic": None}
    begun = {"request": request, "plan": HONEST["plan"], "not_posts": 0}
    (folder / "plan.json").write_bytes(msgspec.json.encode(begun))
    assert begun_in(folder).not_posts == 0
    (folder / "0.windows").symlink_to(tmp_path / "precious")
    with pytest.raises(UsageError, match="is a link"):
        begun_in(folder)
    (folder / "0.windows").unlink()
    begun["plan"] = changed("plan.partitions", 50_000_000)["plan"]
    (folder / "plan.json").write_bytes(msgspec.json.encode(begun))
    with pytest.raises(UsageError, match="partitions"):
        begun_in(folder)


def test_a_replay_replaces_neither_what_it_reads_nor_what_it_was_not_told_to(tmp_path: Path) -> None:
    posts = tmp_path / "posts.jsonl"
    posts.write_bytes(some_posts(1)[0][1] + b"\n")
    beside = tmp_path / "a.csv.manifest.json"
    beside.write_text("mine")
    (tmp_path / "folder.csv").mkdir()
    before = contents(tmp_path)
    fast = {"SANDIK_DETECTOR": "fasttext", "SANDIK_PARTITIONS": "2"}
    for out, force, says in (
        ("a.csv", (), b"a.csv.manifest.json already exists"),
        ("posts.jsonl", ("--force",), b"is read, so it cannot be replaced"),
        ("folder.csv", ("--force",), b"is not a file"),
    ):
        done = sandik("replay", str(posts), "--out", str(tmp_path / out), *force, environment=fast)
        assert (done.returncode, says in done.stderr) == (2, True), done.stderr
        assert contents(tmp_path) == before
    succeed("replay", str(posts), "--out", str(tmp_path / "a.csv"), "--force", environment=fast)
