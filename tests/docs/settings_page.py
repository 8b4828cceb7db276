"""docs/settings.md, written from the settings themselves: `make settings`."""

from typing import Literal, get_args, get_origin

from pydantic.fields import FieldInfo

from sandik.cli.config import default_of, variable
from sandik.settings import Settings


def as_markdown() -> str:
    """Return the table of docs/settings.md."""
    lines = [
        "# Settings",
        "",
        "Environment variables, the same for every command. `sandik config` prints the values in effect",
        "and where each comes from. A variable that starts with `SANDIK_` and is not in this table is an",
        "error.",
        "`make settings` writes this file.",
        "",
        "| variable | default | values | meaning |",
        "|---|---|---|---|",
    ]
    for name, field in Settings.model_fields.items():
        default = default_of(field)
        shown = f"`{default}`" if default else "none"
        lines.append(f"| `{variable(name)}` | {shown} | {_values(field)} | {field.description} |")
    return "\n".join(lines) + "\n"


def _values(field: FieldInfo) -> str:
    if get_origin(field.annotation) is Literal:
        return ", ".join(f"`{choice}`" for choice in get_args(field.annotation))
    if field.annotation is bool:
        return "`true`, `false`"
    if field.annotation not in (int, float):
        return "text"
    limits = [
        f"{sign} {getattr(limit, name)}"
        for limit in field.metadata
        for name, sign in (("ge", "≥"), ("gt", ">"), ("le", "≤"))
        if hasattr(limit, name)
    ]
    return " ".join(["whole number" if field.annotation is int else "number", ", ".join(limits)])


if __name__ == "__main__":
    print(as_markdown(), end="")
