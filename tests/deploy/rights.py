"""Who may do what: the table of docs/operate.md, and what prod gives its users."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from tests.deploy.rendered import of_kind
from tests.deploy.tools import ROOT
from tests.support.strict_kafka import Right

#: What Kafka lets somebody do who may do something else.
BRINGS = {
    "Read": {"Describe"},
    "Write": {"Describe"},
    "Delete": {"Describe"},
    "AlterConfigs": {"DescribeConfigs"},
}


class Row(NamedTuple):
    """A row of the table: a command, who may run it, and what that takes."""

    user: str
    command: str
    needs: frozenset[Right]


def rows() -> Iterator[Row]:
    """Yield the rows of the table. Their rights are of nobody yet."""
    page = (ROOT / "docs/operate.md").read_text(encoding="utf-8")
    for user, command, topics, others in re.findall(
        r"^\| (\w+) \| `sandik ([^`]+)`[^|]* \| (.*?) \| (.*?) ?\|$", page, re.MULTILINE
    ):
        yield Row(f"sandik-{user}", command, frozenset([*_rights("topic", topics), *_rights("", others)]))


def _rights(kind: str, cell: str) -> Iterator[Right]:
    """Yield what a cell says: "`posts`, `counts`: Read, Write; group `sandik-*`: Describe"."""
    for part in filter(None, cell.split("; ")):
        names, _, operations = part.partition(": ")
        of = kind or names.split(" ")[0]
        for name in re.findall(r"`([^`]+)`", names):
            pattern = "prefix" if name.endswith("*") else "literal"
            for operation in operations.split(", "):
                yield Right("", of, name.rstrip("*"), pattern, operation)


def of_users() -> Iterator[Right]:
    """Yield what prod gives its users the right to."""
    for user in of_kind("prod", "KafkaUser"):
        for acl in user["spec"]["authorization"]["acls"]:
            resource, name = acl["resource"], user["metadata"]["name"]
            for operation in acl["operations"]:
                yield Right(name, resource["type"], resource["name"], resource["patternType"], operation)


def least(rights: frozenset[Right]) -> frozenset[Right]:
    """Return the rights without those that others bring along."""
    brought = {
        right._replace(operation=operation)
        for right in rights
        for operation in BRINGS.get(right.operation, ())
    }
    return rights - brought
