"""What one side of a comparison is of: `language=tr,source=telegram,period=2023-05-07Z/2023-05-14Z`. Pure."""

from typing import NamedTuple

from sandik.counting.source_names import is_within
from sandik.errors import UsageError
from sandik.figures.language_names import language_code
from sandik.figures.rollup import EVERY
from sandik.kafka.ranges import bounds_ms, is_inside
from sandik_schemas.languages import is_of

_KEYS = ("language", "source", "period")


class Selection(NamedTuple):
    """Which cells: of a language, a source, and windows that lie in `[from_ms, to_ms)`. None is any."""

    name: str
    language: str | None = None
    source: str | None = None
    from_ms: int | None = None
    to_ms: int | None = None

    def holds(self, start_ms: int, end_ms: int, language: str, source: str | None) -> bool:
        """Return whether a cell is in it."""
        return (
            is_inside(start_ms, end_ms, self.from_ms, self.to_ms)
            and (self.language is None or is_of(language, self.language))
            and (self.source is None or (source is not None and is_within(source, self.source)))
        )


def selection_of(text: str, now_ms: int) -> Selection:
    """Return what the text asks for.

    Raises:
        UsageError: it says something else.
    """
    found: dict[str, str] = {}
    for part in text.split(","):
        key, equals, value = part.strip().partition("=")
        if key not in _KEYS or not equals or not value or key in found:
            raise UsageError(
                f"{text!r}: write language=tr, source=telegram or period=FROM/TO; commas join several"
            )
        found[key] = value
    from_, _, to = found.get("period", "").partition("/")
    from_ms, to_ms = bounds_ms(from_ or None, to or None, now_ms)
    asked = found.get("language", EVERY)
    language = None if asked == EVERY else language_code(asked)
    return Selection(text, language, found.get("source"), from_ms, to_ms)
