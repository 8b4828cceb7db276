"""The list of formats in docs/ingest.md, written from their files: `make formats`."""

from collections.abc import Iterator
from pathlib import Path

from sandik.ingest.formats.declared import Format, Rule, catalogue
from tests.docs.pages import written_between

_BEGIN, _END = "<!-- formats: written by `make formats` -->\n", "<!-- /formats -->\n"
_SHOWN_RULES = 3
_HEAD = (
    "| `--format` | what is read | recognised by | id | event time | text | limits |\n" + "|---" * 7 + "|\n"
)


def as_markdown() -> str:
    """Return the table of all formats."""
    return _HEAD + "".join(map(_row, catalogue().values()))


def written_into(document: str) -> str:
    """Return the document with the list in its place."""
    return written_between(document, _BEGIN, _END, as_markdown())


def _row(form: Format) -> str:
    cells = (
        f"`{form.name}`",
        form.title,
        _recognised(form),
        form.id_note,
        form.time_note,
        form.text_note,
        form.note,
    )
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |\n"


def _recognised(form: Format) -> str:
    told = list(dict.fromkeys(" and ".join(_conditions(rule)) for rule in form.recognise))
    if not told:
        return "its name, or columns for time and text"
    more = f"; or {len(told) - _SHOWN_RULES} more" if len(told) > _SHOWN_RULES + 1 else ""
    return "; or ".join(told[:_SHOWN_RULES] if more else told) + more


def _conditions(rule: Rule) -> Iterator[str]:
    if rule.assigned:
        yield f"`window.YTD.{rule.assigned[0]}`"
    if rule.keys:
        yield _named(rule.keys)
    if rule.any_key:
        yield _named(rule.any_key[:3], " or ")
    for path, patterns in rule.values.items():
        some = (patterns,) if isinstance(patterns, str) else tuple(patterns[:2])
        yield f"`{path}` = {_named(some, ' or ')}"
    if rule.columns:
        yield f"columns {_named(rule.columns)}"
    if rule.any_column:
        yield f"a column {_named(rule.any_column[:3], ' or ')}"
    if rule.begins:
        yield f"begins with {_named(tuple(ascii(one)[1:-1] for one in rule.begins[:3]), ' or ')}"
    if rule.contains:
        yield f"contains {_named(rule.contains[:3], ' or ')}"
    if rule.names:
        yield _named(rule.names, " or ")


def _named(names: tuple[str, ...], between: str = ", ") -> str:
    return between.join(f"`{name}`" for name in names)


if __name__ == "__main__":
    docs = Path(__file__).parents[2] / "docs" / "ingest.md"
    docs.write_text(written_into(docs.read_text(encoding="utf-8")), encoding="utf-8")
