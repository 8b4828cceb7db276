"""docs/architecture.md: every file it names is there, and has the names that it is said to have."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CODE = ROOT / "streams" / "sandik"
PAGE = (ROOT / "docs" / "architecture.md").read_text("utf-8")
TEXT = re.sub(r"^```\n.*?^```$", "", PAGE, flags=re.MULTILINE | re.DOTALL)  # without the picture
ROWS = re.findall(r"^\| (.+?) \| (`.+?) \| (.*?) ?\|$", TEXT, re.MULTILINE)


def quoted(text: str) -> list[str]:
    found: list[str] = re.findall(r"`([^`]+)`", text)
    return found


def files(text: str) -> list[Path]:
    """The files and folders of the code that a text names; topics and functions have no slash or suffix."""
    return [
        (ROOT if name.startswith("tests/") else CODE) / name
        for name in quoted(text)
        if re.fullmatch(r"[\w./]+(/|\.(py|toml|js|css))", name) or name.startswith("tests/")
    ]


def test_every_file_it_names_is_there() -> None:
    named = files(TEXT)

    assert len(named) > 50
    assert [str(one) for one in named if not one.exists()] == []


@pytest.mark.parametrize(("change", "where", "names"), ROWS)
def test_the_names_of_a_change_are_in_its_files(change: str, where: str, names: str) -> None:
    found = "\n".join(path.read_text("utf-8") for path in files(where))

    assert found, change
    assert [name for name in quoted(names) if not re.search(rf"\b{name}\b\s*(\(|=|:|\b)", found)] == []


def test_every_package_is_in_the_picture_or_the_text() -> None:
    packages = {path.parent.name for path in CODE.glob("*/__init__.py")}

    assert {name for name in packages if f"{name}/" not in PAGE} == set()


def test_commands_are_declared_where_it_says_and_nowhere_else() -> None:
    [said] = re.findall(r"Its name and options are declared in (.+?), which", TEXT, re.DOTALL)
    declaring = {
        path.relative_to(CODE).as_posix()
        for path in CODE.rglob("*.py")
        if re.search(r"^ *@\w+\.command\(", path.read_text("utf-8"), re.MULTILINE)
    }

    assert declaring == set(quoted(said))
