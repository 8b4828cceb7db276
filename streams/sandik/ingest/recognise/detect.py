"""Recognise a format by the rules in `formats/*.toml`. Of the rules that hold, the most specific one wins.

Nothing is guessed: what no rule recognises is told to the user with the formats that come nearest, and which
of their conditions do not hold.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from sandik.errors import UsageError
from sandik.ingest.formats.declared import Rule, bare, catalogue
from sandik.ingest.formats.format_rules import matches
from sandik.ingest.formats.paths import there
from sandik.ingest.formats.table import TableOptions, plan
from sandik.ingest.recognise.samples import Sample
from sandik.ingest.recognise.table_start import separator_of

#: How much of a source is inspected: enough for the first object, unless it is huge.
HEAD_BYTES = 1 << 20
_NEAREST = 3
_NAMES_SHOWN = 20
_TABLES = {"csv": "csv", "tsv": "tsv", "tab": "tsv"}
_LINES = {"jsonl": "jsonl", "ndjson": "jsonl"}  # of an empty file, nothing else can be told


@dataclass(frozen=True)
class Verdict:
    """Whether a source matches one format: which conditions hold, and which do not."""

    name: str
    holding: Sequence[str] = field(default_factory=tuple)
    failing: Sequence[str] = field(default_factory=tuple)
    #: Whether a specific condition holds, not only one of several common keys.
    is_near: bool = True

    @property
    def is_match(self) -> bool:
        """Return whether the source matches the format."""
        return not self.failing

    def __str__(self) -> str:
        """`x: it has id, text; it has no created_at`."""
        said = [f"it has {', '.join(self.holding)}"] if self.holding else []
        return f"{self.name}: {'; '.join([*said, *self.failing])}"


def recognise(found: Sample) -> Verdict:
    """Return the verdict of the matching format; a verdict without a name if none matches."""
    for one in found.values or (None,):
        matching = [verdict for verdict in _verdicts(found, one) if verdict.is_match]
        if matching:
            return max(matching, key=lambda verdict: len(verdict.holding))
    return _by_ending_or_header(found) or Verdict("", (), ("nothing is recognised",))


def _by_ending_or_header(found: Sample) -> Verdict | None:
    if found.is_json or found.begins[:1] == b"<":
        return None
    ending = found.name.rpartition(".")[2]
    if name := (_TABLES | (_LINES if not found.begins else {})).get(ending):
        return Verdict(name, (f"its name ends in .{ending}",))
    if (header := next(filter(_is_table, found.headers), None)) is not None:
        is_tsv = separator_of(found.head.split(b"\n", 1)[0].decode("utf-8", "replace")) == "\t"
        return Verdict("tsv" if is_tsv else "csv", (f"columns for time and text in {', '.join(header)}",))
    return None


def _nearest(found: Sample) -> list[Verdict]:
    """Return the formats with most conditions that hold, at least one, best first."""
    best: dict[str, Verdict] = {}
    for one in found.values[:5] or (None,):
        for verdict in _verdicts(found, one):
            if (
                verdict.is_near
                and verdict.holding
                and (verdict.name not in best or _nearness(verdict) > _nearness(best[verdict.name]))
            ):
                best[verdict.name] = verdict
    return sorted(best.values(), key=_nearness, reverse=True)[:_NEAREST]


def cannot_tell(shown: str, found: Sample) -> str:
    """Return the error message for an unknown format: which formats come near, and what to do."""
    if found.assigned is not None:
        return (
            f"cannot read {shown}: it is the part {found.assigned!r} of an X account's archive, and none "
            "of its posts counts. Pass the archive's original zip file, or data/tweets.js"
        )
    near = _nearest(found)
    said = [f"nearest is {' — '.join(map(str, near))}"] if near else []
    if names := _names(found):
        said.insert(0, f"it has {', '.join(names[:_NAMES_SHOWN])}{' …' if len(names) > _NAMES_SHOWN else ''}")
    ways = ["--format NAME"]
    if found.is_json:
        ways.append("--columns id=PATH,time=PATH,text=PATH with the paths of its fields")
    elif len(names) > 1:
        ways.append("--format csv --columns time=COLUMN,text=COLUMN with the names of its columns")
    ways.append("--format FILE.toml with a description of your own; docs/ingest.md has all of them")
    return (
        f"cannot tell the format of {shown}{': ' if said else ''}{'; '.join(said)}. Say {', or '.join(ways)}"
    )


def _names(found: Sample) -> list[str]:
    """Return the keys of the first object, or the columns of the widest of the first rows."""
    first = next((one for one in found.values if isinstance(one, dict)), None)
    widest = max(found.headers, key=len, default=())
    return list(first) if first is not None else list(widest) if len(widest) > 1 else []


def _nearness(verdict: Verdict) -> float:
    return len(verdict.holding) / (len(verdict.holding) + len(verdict.failing))


def _verdicts(found: Sample, value: object) -> Iterator[Verdict]:
    for form in catalogue().values():
        for rule in form.recognise:
            holding: list[str] = []
            failing: list[str] = []
            for holds, yes, no in _conditions(rule, found, value):
                if holds:
                    holding.append(yes)
                else:
                    failing.append(no)
            strong = {*rule.keys, *(f"a column {name}" for name in rule.columns)}
            is_near = not strong.isdisjoint(holding) or any(" = " in one for one in holding)
            yield Verdict(form.name, tuple(filter(None, holding)), tuple(failing), is_near)


def _conditions(rule: Rule, found: Sample, value: object) -> Iterator[tuple[bool, str, str]]:
    """Yield for each condition: whether it holds, the text if it does, and the text if it does not."""
    for path in rule.keys:
        yield there(value, path), path, f"it has no {path}"
    if rule.any_key:
        first = next((path for path in rule.any_key if there(value, path)), None)
        yield first is not None, first or "", f"it has none of {', '.join(rule.any_key)}"
    for path in rule.absent:
        yield not there(value, path), "", f"it has {path}"
    for path, patterns in rule.values.items():
        told = f"{path} = {patterns if isinstance(patterns, str) else ' or '.join(patterns)}"
        yield matches(value, path, patterns), told, f"not {told}"
    for path, patterns in rule.lacks.items():
        yield not matches(value, path, patterns), "", f"its {path} is {patterns}"
    yield from _of_table(rule, found)
    yield from _of_file(rule, found)


def _of_table(rule: Rule, found: Sample) -> Iterator[tuple[bool, str, str]]:
    if not (rule.columns or rule.any_column):
        return
    wanted = [*map(bare, rule.columns), *map(bare, rule.any_column)]
    rows = [{bare(name) for name in row} for row in found.headers]
    columns = max(rows, key=lambda row: sum(name in row for name in wanted), default=set())
    for column in rule.columns:
        yield bare(column) in columns, f"a column {column}", f"it has no column {column}"
    if rule.any_column:
        first = next((one for one in rule.any_column if bare(one) in columns), None)
        yield (
            first is not None,
            f"a column {first}",
            f"it has none of the columns {', '.join(rule.any_column)}",
        )


def _of_file(rule: Rule, found: Sample) -> Iterator[tuple[bool, str, str]]:
    if rule.assigned or found.assigned is not None:
        name = found.assigned or ""
        yield (
            any(fnmatchcase(name, pattern) for pattern in rule.assigned),
            f"window.YTD.{found.assigned}",
            "it is not that file of an archive",
        )
    tests: tuple[tuple[tuple[str, ...], Callable[[str], bool], str], ...] = (
        (rule.begins, lambda text: found.begins.startswith(text.encode("latin-1", "replace")), "begin with"),
        (rule.contains, lambda text: text.encode() in found.head[:4096].lower(), "contain"),
        (rule.names, lambda pattern: fnmatchcase(found.name, pattern), "have a name like"),
    )
    for wanted, holds, verb in tests:
        if wanted:
            first = next((one for one in wanted if holds(one)), None)
            yield (
                first is not None,
                f"{verb.replace('have ', '')} {first}",
                f"it does not {verb} {wanted[0]!r}",
            )


def _is_table(header: Sequence[str]) -> bool:
    """Return whether the header has known names for time and text."""
    try:
        plan(header, TableOptions(), "table")
    except UsageError:
        return False
    return True
