"""The ground that sandik stands on is public: what is not is named here, and in one file each."""

import ast
from collections.abc import Iterator
from pathlib import Path

from aiokafka import AIOKafkaConsumer
from aiokafka.conn import AIOKafkaConnection
from aiokafka.consumer import fetcher
from aiokafka.consumer.group_coordinator import GroupCoordinator

from sandik.kafka.unpacking import SafeRecords

CODE = Path(__file__).parents[2] / "streams" / "sandik"
#: Private names of others -> the only file that uses each. At most ten.
PRIVATE = {"_client": "kafka/connection.py", "_coordinator": "worker/engine/consumer_health.py"}
#: Methods of every named tuple, and how a process ends at once: public in all but name.
PUBLIC = {"_asdict", "_exit", "_fields", "_make", "_replace"}


def own_names(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in OURS:
            yield node.attr
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            yield node.target.id


OURS = ("self", "cls")


def names_of_others(path: Path) -> Iterator[str]:
    """The private names that a file takes from what it does not define: `x._y`, `getattr(x, "_y")`."""
    tree = ast.parse(path.read_text("utf-8"))
    own = {*own_names(tree), *PUBLIC}
    for node in ast.walk(tree):
        name = ""
        if isinstance(node, ast.Attribute):
            name = node.attr
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in ("getattr", "setattr", "hasattr"):
            name = str(node.args[1].value) if isinstance(node.args[1], ast.Constant) else ""
        elif isinstance(node, ast.ImportFrom) and not (node.module or "").startswith("sandik"):
            name = next((one.name for one in node.names if one.name.startswith("_")), "")
        if name.startswith("_") and not name.endswith("__") and name not in own:
            yield name


def test_no_other_private_name_is_used_and_each_in_one_file() -> None:
    found = {
        (name, str(path.relative_to(CODE))) for path in CODE.rglob("*.py") for name in names_of_others(path)
    }

    assert found == set(PRIVATE.items())
    assert len(found) <= 10


def test_this_version_of_aiokafka_has_them() -> None:
    made = AIOKafkaConsumer.__init__.__code__.co_names

    assert [name for name in PRIVATE if name not in made] == []
    assert "coordinator_id" in GroupCoordinator.__init__.__code__.co_names


def test_this_version_of_aiokafka_has_what_is_stood_in_for() -> None:
    """Public in name, but in no documentation. Without the first, records come one by one."""
    assert fetcher.MemoryRecords is SafeRecords
    assert "MemoryRecords" in fetcher.Fetcher._proc_fetch_request.__code__.co_names
    assert callable(AIOKafkaConnection.authenticator_oauth)
