"""Progress, to stderr; stdout is for tables."""

from rich.console import Console

_console = Console(stderr=True, soft_wrap=True, highlight=False)


def say(text: str) -> None:
    """Tell what happens."""
    _console.print(text, markup=False)
