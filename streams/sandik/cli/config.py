"""`sandik config`: the settings in effect, where each comes from, and errors for misspelt ones."""

import json as json_module
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import NamedTuple

from pydantic import SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails
from rich.console import Console
from rich.table import Table

from sandik.errors import UsageError
from sandik.settings import Settings

PREFIX = "SANDIK_"

#: Read by the project's own tests and never by a command.
TEST_PREFIX = "SANDIK_TEST_"

#: Not a setting: where `sandik broker` keeps Kafka's jars.
CACHE_VARIABLE = "SANDIK_CACHE_DIR"

MASKED = "********"


class Setting(NamedTuple):
    """One setting in effect. `value` is masked if it is a secret."""

    variable: str
    value: str | None
    default: str | None
    origin: str
    description: str


def load_settings() -> Settings:
    """Return the settings of this process.

    Raises:
        UsageError: a variable is misspelt or its value is not allowed; the message names it.
    """
    if wrong := list(misspelt(os.environ)):
        raise UsageError(f"settings: {'; '.join(wrong)}. `sandik config` lists all settings")
    try:
        return Settings()
    except ValidationError as error:
        raise UsageError(f"settings: {'; '.join(map(_complaint, error.errors()))}") from error


def misspelt(environment: Iterable[str]) -> Iterator[str]:
    """Yield a message for each variable with our prefix that is not a setting."""
    known = {variable(name) for name in Settings.model_fields} | {CACHE_VARIABLE}
    # pydantic-settings ignores case, and so does this.
    for name in sorted(environment):
        upper = name.upper()
        if upper.startswith(PREFIX) and not upper.startswith(TEST_PREFIX) and upper not in known:
            near = get_close_matches(upper, known, n=1)
            yield f"{name} is not a setting" + (f"; did you mean {near[0]}?" if near else "")


def settings_in_effect(settings: Settings, environment: Mapping[str, str]) -> list[Setting]:
    """Return every setting in the order of `streams/sandik/settings.py`."""
    given = {name.upper() for name in environment}
    return [
        Setting(
            variable(name),
            _shown(getattr(settings, name)),
            default_of(field),
            "environment" if variable(name) in given else "default",
            field.description or "",
        )
        for name, field in Settings.model_fields.items()
    ]


def variable(name: str) -> str:
    """Return the environment variable of a field of Settings."""
    return PREFIX + name.upper()


def print_settings(settings: Settings, *, json: bool) -> None:
    """Print the settings in effect: a table, or JSON."""
    found = settings_in_effect(settings, os.environ)
    if json:
        sys.stdout.write(as_json(found) + "\n")
        return
    table = Table("variable", "value", "origin", "meaning", box=None, pad_edge=False)
    for setting in found:
        style = "bold" if setting.origin == "environment" else ""
        table.add_row(setting.variable, setting.value or "", setting.origin, setting.description, style=style)
    Console(highlight=False).print(table)


def as_json(found: Iterable[Setting]) -> str:
    """Return the settings as one JSON object: variable -> value, origin, default."""
    return json_module.dumps(
        {
            setting.variable: {"value": setting.value, "origin": setting.origin, "default": setting.default}
            for setting in found
        },
        ensure_ascii=False,
        indent=2,
    )


def _shown(value: object) -> str | None:
    if value is None:
        return None
    if isinstance(value, SecretStr):
        return MASKED
    return str(value).lower() if isinstance(value, bool) else str(value)


def default_of(field: FieldInfo) -> str | None:
    """Return the default as it is shown; None for none, and for a secret."""
    # Computed when needed, such as a folder below the temporary one: differs between machines.
    if field.default_factory is not None:
        return "below the system's temporary folder"
    return _shown(field.default)


def _complaint(one: ErrorDetails) -> str:
    what = one["msg"].removeprefix("Value error, ")
    if not one["loc"]:  # several settings that contradict each other
        return what
    return f"{variable('_'.join(map(str, one['loc'])))}: {what}"
