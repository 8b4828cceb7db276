"""What documents tell their readers to type works, in an environment in which sandik was just installed."""

import os
import re
import shlex
import shutil
import subprocess
import tomllib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest
import typer.main
from typer.core import TyperGroup

from sandik.cli.main import app
from tests.docs.fresh import built_wheel, fresh_venv
from tests.docs.pages import PAGES, ROOT, Command, blocks, extras, files

RUNNABLE = [page for page in PAGES if any(block.files is not None for block in blocks(page))]
EXTRAS = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
TARGETS = set(re.findall(r"^([a-z-]+):.*##", (ROOT / "Makefile").read_text(), re.MULTILINE))
#: What differs from run to run: durations, rates, sizes, and the blanks of a table.
VARIES = [
    (r"\d[\d,.]* s\b", "N s"),
    (r"\(\d[\d,.]*/s\)", "(N/s)"),
    (r"\d[\d,]* bytes", "N bytes"),
    (r"[ \t]+", " "),
]

#: Commands that ask a running worker or a registry: tests/deploy/test_runbook.py and
#: tests/recipes/test_registry.py run them there.
RUN_ELSEWHERE = {"deploy/runbook.md", "docs/recipes/schema-registry.md"}

Programs = Callable[[frozenset[str]], Path]


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Programs:
    """Return a function from extras to the programs of a venv with sandik and these."""
    folder = tmp_path_factory.mktemp("venvs")
    wheel = built_wheel(ROOT, folder / "dist")
    made: dict[frozenset[str], Path] = {}

    def made_for(wanted: frozenset[str]) -> Path:
        if wanted not in made:
            made[wanted] = fresh_venv(folder / "-".join(["with", *sorted(wanted)]), wheel, wanted)
        return made[wanted]

    return made_for


@pytest.mark.parametrize("page", RUNNABLE)
def test_marked_blocks_print_what_they_show(page: str, tmp_path: Path, programs: Programs) -> None:
    marked = [block for block in blocks(page) if block.files is not None]
    for name in {name for block in marked for name in block.files or ()}:
        source, target = ROOT / name, tmp_path / Path(name).name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, target)
    for name, text in files(page).items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, "utf-8")
    commands = [command for block in marked for command in block.commands]

    for command, printed in zip(commands, _run(commands, tmp_path, programs(extras(page))), strict=True):
        told = f"$ {command.text}\n{printed}"
        assert printed.code in ((0, 1) if command.shown else (0,)), told
        ways = printed.out, [*printed.err, *printed.out], [*printed.out, *printed.err]
        assert not command.shown or any(_is_shown(command.shown, lines) for lines in ways), told


@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page) and page not in RUN_ELSEWHERE])
def test_the_first_command_of_a_document_needs_nothing_but_what_is_there(page: str) -> None:
    """It installs, it is a target of make, it is run above, or it is another tool's."""
    first = blocks(page)[0]
    program, *arguments = shlex.split(first.commands[0].text, comments=True)
    if program == "make":
        assert set(arguments) & TARGETS
    elif "pip" in arguments:
        assert extras(page) <= EXTRAS.keys()
    else:
        assert program not in ("sandik", "python") or first.files is not None


@pytest.mark.parametrize("page", PAGES)
def test_the_command_line_knows_every_command_and_option_that_a_document_shows(page: str) -> None:
    for block in blocks(page):
        for command in block.commands:
            for words in _uses(command.text):
                assert _is_known(words), command.text


class Printed(NamedTuple):
    """What a command printed, and its exit code."""

    out: list[str]
    err: list[str]
    code: int


def _run(commands: Sequence[Command], folder: Path, programs: Path) -> Iterator[Printed]:
    """Type the commands into one shell."""
    logs = folder / ".printed"
    logs.mkdir()
    script = "".join(
        f"{{\n{command.text}\n}} >{logs}/{number}.out 2>{logs}/{number}.err </dev/null\n"
        f"echo $? >{logs}/{number}.code\n"
        for number, command in enumerate(commands)
    )
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SANDIK_")}
    environment |= {"PATH": f"{programs}{os.pathsep}{os.environ['PATH']}", "COLUMNS": "200"}
    subprocess.run(["bash"], input=script.encode(), cwd=folder, env=environment, check=False)  # noqa: S607
    for number in range(len(commands)):
        out, err, code = ((logs / f"{number}.{kind}").read_text("utf-8") for kind in ("out", "err", "code"))
        yield Printed(out.splitlines(), err.splitlines(), int(code))


def _is_shown(shown: Sequence[str], printed: Sequence[str]) -> bool:
    """Say whether what is shown is what is printed, with … for lines that are left out."""
    pattern = "".join(r"(.*\n)*" if line == "…" else f"{re.escape(line)}\n" for line in _lasting(shown))
    return re.fullmatch(pattern, "".join(f"{line}\n" for line in _lasting(printed))) is not None


def _lasting(lines: Sequence[str]) -> list[str]:
    for pattern, instead in VARIES:
        lines = [re.sub(pattern, instead, line) for line in lines]
    return [line.strip() for line in lines if line.strip()]


def _uses(command: str) -> list[list[str]]:
    """Return the words after `sandik`, wherever a command calls it."""
    words = shlex.split(command.replace("\n", " "), comments=True)
    ends = {"|", ">", "&", ";", "&&", "2>&1", "<"}
    found = []
    for at, word in enumerate(words):
        if word == "sandik" and (at == 0 or words[at - 1] in ends or "=" in words[at - 1]):
            rest = words[at + 1 :]
            found.append(rest[: next((i for i, one in enumerate(rest) if one in ends), len(rest))])
    return found


def _options(words: list[str]) -> tuple[set[str], list[str]] | None:
    """Return the options of the command that the words name, and the words after it. None: no such command."""
    command = typer.main.get_command(app)
    while isinstance(command, TyperGroup) and words and not words[0].startswith("-"):
        if words[0] not in command.commands:
            return None
        command, words = command.commands[words[0]], words[1:]
    known = {name for one in command.params for name in (*one.opts, *one.secondary_opts)}
    return known | {"--help"}, words


def _is_known(words: list[str]) -> bool:
    """Say whether the words name a command and options that it has. Nothing is run."""
    found = _options(words)
    if found is None:
        return False
    known, rest = found
    if words[0] == "up":  # takes those of ingest as well
        known |= (_options(["ingest"]) or found)[0]
    return all(word.split("=")[0] in known for word in rest if re.match("--?[a-z]", word))
