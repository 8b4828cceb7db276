"""Standard error. Everything written is escaped first."""

from typing import Any

from rich.console import Console

from sandik.ingest.escaped import printable


class Terminal(Console):
    """A console for plain text: no markup, no colours, no control characters."""

    def __init__(self) -> None:
        super().__init__(stderr=True, markup=False, highlight=False, emoji=False, soft_wrap=True)

    def print(self, *objects: Any, **options: Any) -> None:
        """Print lines of text, escaped; renderables of a progress bar are not changed."""
        super().print(*(_escaped(one) if isinstance(one, str) else one for one in objects), **options)


def _escaped(text: str) -> str:
    return "\n".join(map(printable, text.split("\n")))
