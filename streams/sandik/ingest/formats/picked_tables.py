"""Tables of declared formats: which columns must exist, and what is picked from a row."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from sandik.errors import UsageError
from sandik.ingest.formats.declared import Fields, Format, bare, catalogue, each_of
from sandik.ingest.formats.pick import TEMPLATE, Picker, plan_of
from sandik.ingest.formats.table import Plan, TableOptions
from sandik.ingest.formats.table import plan as plan_by_names


def columns_of(form: Format) -> list[str]:
    """Return every path or column named by the fields."""
    found: dict[str, None] = {}
    for name in Fields.__struct_fields__:
        for path in each_of(getattr(form.fields, name)):
            found |= dict.fromkeys(TEMPLATE.findall(path) or [path])
    return list(found)


def plan(header: Sequence[str], options: TableOptions, default_source: str) -> Plan:
    """Return how to read the rows below this header: by the declared format, or by column names.

    Raises:
        UsageError: there is no column for the time or the text.
    """
    form = options.declared
    if form is None or form.fields is None:
        return plan_by_names(header, options, default_source)
    known = {bare(name) for name in header}
    for field in ("time", "text"):
        titles = each_of(form.fields.title) if field == "text" else ()
        wanted = [*each_of(getattr(form.fields, field)), *titles]
        if not any(bare(column) in known for column in wanted):
            raise UsageError(
                f"{form.name} needs a column {' or '.join(wanted)}; there are {', '.join(header)}"
            )
    how = plan_of(form, options, default_source)
    # Without a column for reposts, the text (`RT @...`) decides.
    is_told = any(
        bare(column) in known
        for name in ("repost_of", "is_repost", "repost_user")
        for column in each_of(getattr(form.fields, name))
    )
    reposts = () if is_told else ("repost_of", "is_repost")
    indices = {name: place for name, place in how.indices.items() if name not in reposts}
    return replace(how, indices=indices, picker=row_picker(form, header))


def recognised_by(header: Sequence[str], options: TableOptions) -> TableOptions:
    """Return how to read a sheet or a Parquet file with these columns: by a known format if one matches."""
    if options.declared is not None or options.columns:
        return options
    there = {bare(name) for name in header}
    found = [
        (len(rule.columns) + bool(rule.any_column), form)
        for form in catalogue().values()
        for rule in form.recognise
        if form.fields is not None and rule.columns and there >= {bare(name) for name in rule.columns}
        if not rule.any_column or not there.isdisjoint(map(bare, rule.any_column))
    ]
    best = max(found, key=lambda one: one[0], default=None)
    return options if best is None else replace(options, declared=best[1])


def columns_read(header: Sequence[str], how: Plan, options: TableOptions) -> list[int]:
    """Return the indices of the columns to read."""
    if options.declared is None or options.declared.fields is None:
        return sorted(set(how.indices.values()))
    known = {bare(column) for column in columns_of(options.declared)}
    return [place for place, name in enumerate(header) if bare(name) in known]


def row_picker(form: Format, header: Sequence[str]) -> Callable[[Sequence[object]], Sequence[object]]:
    """Return the function that picks the cells of a row; a missing column has no value."""
    # Exports change the case and separators of their headers over the years.
    places = {bare(name): place for place, name in reversed(list(enumerate(header)))}
    known = {column: places.get(bare(column)) for column in columns_of(form)}
    pick = Picker(form)

    def of_row(row: Sequence[object]) -> Sequence[object]:
        def get(column: str) -> Iterable[object]:
            place = known.get(column)
            return () if place is None or place >= len(row) or row[place] is None else (row[place],)

        return pick(get)

    return of_row
