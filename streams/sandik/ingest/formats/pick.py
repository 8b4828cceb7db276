"""Apply the fields of a declared format: a record -> the cells of a row, a row -> a post.

JSON objects and table rows are picked from in the same way. The picked cells are read like the rows of any
table (`row.read_row`), so that times, ids and empty values mean the same everywhere.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from html import unescape

from sandik.ingest.decoding.markup import html_to_text
from sandik.ingest.formats.cell_values import is_nothing
from sandik.ingest.formats.declared import Fields, Format, each_of
from sandik.ingest.formats.format_rules import records, skip
from sandik.ingest.formats.paths import find
from sandik.ingest.formats.row import read_row
from sandik.ingest.formats.table import FIELDS, Plan, TableOptions
from sandik.ingest.formats.x_ids import reposted_user
from sandik.ingest.items import Item, Rejected, RejectReason, Skipped, SkipReason

TEMPLATE = re.compile(r"\{([^{}]+)\}")
#: Path or column -> its values.
Get = Callable[[str], Iterable[object]]
_MARKUP: dict[str, Callable[[str], str]] = {"plain": str, "html": html_to_text, "entities": unescape}


def converter(form: Format, options: TableOptions, default_source: str) -> Callable[[object], Iterator[Item]]:
    """Return the function that makes items of one JSON object."""
    how = plan_of(form, options, default_source)
    pick = Picker(form)
    numbers = iter(range(1, 1 << 62))

    def convert(value: object) -> Iterator[Item]:
        is_empty = True
        for record in records(value, form):
            is_empty = False
            skipped = skip(record, form)
            if skipped is not None and not (
                options.private_chats and skipped.reason == SkipReason.NOT_PUBLIC
            ):
                yield skipped
                continue
            cells = pick(partial(find, record))
            if cells[_TIME] is None and cells[_TEXT] is None:
                yield Rejected(
                    RejectReason.NOT_A_POST, f"neither {_told(form, 'time')} nor {_told(form, 'text')}"
                )
                continue
            if cells[_REPOST] is None:
                cells[_REPOST] = reposted_user(str(cells[_TEXT] or ""))  # no id says of which post
            yield read_row(cells, next(numbers), how)
        if is_empty:
            yield Skipped(SkipReason.OTHER_RECORD, f"no record of {form.name}")

    return convert


def plan_of(form: Format, options: TableOptions, default_source: str) -> Plan:
    """Return how to read the picked cells."""
    return Plan(
        {
            name: place
            for place, name in enumerate(FIELDS)
            if getattr(form.fields, name, ()) or name in _ALWAYS
        },
        options.source or form.source or default_source,
        options.zone or form.tzinfo,
        options.time_format or form.time_format,
    )


class Picker:
    """Picks the cells of a row from one record, in the order of FIELDS."""

    def __init__(self, form: Format) -> None:
        fields = form.fields or Fields(time=())  # type: ignore[arg-type]
        told = {name: tuple(each_of(getattr(fields, name, []))) for name in FIELDS}
        self._singles = [
            (place, told[name])
            for place, name in enumerate(FIELDS)
            if told[name] and name not in ("text", "hashtags")
        ]
        self._hashtags = told["hashtags"]
        self._user = each_of(fields.repost_user)
        self._text = _Text(fields, _MARKUP[form.markup])
        self._id_pattern = None if form.id_pattern is None else re.compile(form.id_pattern)

    def __call__(self, get: Get) -> list[object]:
        """Return the cells; `get` returns the values of a path or a column."""
        cells: list[object] = [None] * len(FIELDS)
        for place, paths in self._singles:
            cells[place] = _first(get, paths)
        cells[_TEXT] = self._text(get)
        if self._hashtags:
            cells[_HASHTAGS] = _tags(list(_all(get, self._hashtags)))
        if self._id_pattern is not None and (found := self._id_pattern.search(str(cells[_ID] or ""))):
            cells[_ID] = found[1]
        if cells[_REPOST] is not None and is_nothing(str(cells[_REPOST]).strip()):
            cells[_REPOST] = None
        if cells[_REPOST] is None and self._user:
            user = _first(get, self._user)
            if user is not None and not is_nothing(str(user).strip()):
                cells[_REPOST] = f"@{str(user).removeprefix('@')}"
        return cells


_ALWAYS = ("id", "time", "text")
_ID, _TIME, _TEXT, _HASHTAGS, _REPOST = (
    FIELDS.index(name) for name in ("id", "time", "text", "hashtags", "repost_of")
)


class _Text:
    """Joins the title, the text and the poll options, if present."""

    def __init__(self, fields: Fields, plain: Callable[[str], str]) -> None:
        self._title, self._said, self._poll = map(each_of, (fields.title, fields.text, fields.poll))
        self._plain = plain

    def __call__(self, get: Get) -> str | None:
        said = _joined(get, self._said)
        title = _joined(get, self._title) if self._title else None
        poll = [self._plain(str(one)) for one in _all(get, self._poll)] if self._poll else []
        if said is None and title is None and not poll:
            return None
        title, said = self._plain(title or ""), self._plain(said or "")
        # The title of a short post often repeats its text.
        is_repeated = said.startswith(title.removesuffix("…").removesuffix("..."))
        return "\n\n".join(part for part in ("" if is_repeated else title, said, *poll) if part)


def _joined(get: Get, paths: Sequence[str]) -> str | None:
    """Return the value of the first path that has one; the pieces of a list (`runs[].text`) joined."""
    is_there = False
    for path in paths:
        pieces = [str(one) for one in _values(get, path) if isinstance(one, (str, int, float))]
        if any(pieces):
            return "".join(pieces)
        is_there = is_there or bool(pieces)
    return "" if is_there else None


def _first(get: Get, paths: Sequence[str]) -> object:
    for path in paths:
        for found in _values(get, path):
            if found not in ("", None) and not isinstance(found, (dict, list)):
                return found
    return None


def _all(get: Get, paths: Sequence[str]) -> Iterator[object]:
    """Yield all values of the first path that has any."""
    for path in paths:
        found = [one for one in _values(get, path) if one not in ("", None)]
        if found:
            yield from found
            return


def _values(get: Get, path: str) -> Iterable[object]:
    if "{" not in path:
        return get(path)
    pieces = {name: next(iter(get(name)), None) for name in TEMPLATE.findall(path)}
    if any(piece in ("", None) for piece in pieces.values()):
        return ()
    return (TEMPLATE.sub(lambda found: str(pieces[found[1]]), path),)


def _tags(found: list[object]) -> object:
    """Return the hashtags: if some names start with #, only those; never names with @."""
    if len(found) == 1 and isinstance(found[0], str):
        return found[0]  # one cell that lists them all
    names = [name for name in found if isinstance(name, str)]
    marked = [name for name in names if name.startswith("#")]
    return marked or [name for name in names if not name.startswith("@")]


def _told(form: Format, field: str) -> str:
    return " or ".join(each_of(getattr(form.fields, field)))
