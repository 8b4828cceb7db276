"""Which format is this? By the rules in `formats/*.toml`: of those that hold, the most specific one.

Nothing is guessed: what no rule recognises is told to the user with the formats that come nearest, and which of
their conditions does not hold.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from streams.errors import UsageError

from .formats.declared import Format, Rule, catalogue
from .formats.paths import there
from .formats.pick import bare, matches
from .formats.table import TableOptions, plan
from .samples import Sample, sample

#: As much of a source as is looked at: enough for the first object of every format but huge ones.
HEAD_BYTES = 1 << 20
_NEAREST = 3
_TABLES = {"csv": "csv", "tsv": "tsv", "tab": "tsv"}
_LINES = {"jsonl": "jsonl", "ndjson": "jsonl"}  # of an empty file, nothing else can be told


@dataclass(frozen=True)
class Verdict:
    """Whether one format recognises a source: what of its rule holds, and what does not."""

    name: str
    holding: Sequence[str] = field(default_factory=tuple)
    failing: Sequence[str] = field(default_factory=tuple)

    @property
    def is_match(self) -> bool:
        """Tell whether the format recognises it."""
        return not self.failing

    def __str__(self) -> str:
        """`x: it has id, text; it has no created_at`."""
        said = [f"it has {', '.join(self.holding)}"] if self.holding else []
        return f"{self.name}: {'; '.join([*said, *self.failing])}"


def detect(name: str, head: bytes) -> str | None:
    """Return the name of the format, or None when nobody can tell."""
    return recognise(sample(name, head)).name or None


def recognise(found: Sample, formats: Mapping[str, Format] | None = None) -> Verdict:
    """Return the verdict of the format that recognises it; one without a name if none does."""
    formats = catalogue() if formats is None else formats
    for one in found.values or (None,):
        matching = [verdict for verdict in _verdicts(found, one, formats) if verdict.is_match]
        if matching:
            return max(matching, key=lambda verdict: len(verdict.holding))
    return _by_ending_or_header(found) or Verdict("", (), ("nothing is recognised",))


def _by_ending_or_header(found: Sample) -> Verdict | None:
    if found.is_json or found.begins[:1] == b"<":
        return None
    ending = found.name.rpartition(".")[2]
    if name := (_TABLES | (_LINES if not found.begins else {})).get(ending):
        return Verdict(name, (f"its name ends in .{ending}",))
    if found.header is not None and _is_table(found.header.columns):
        return Verdict("tsv" if found.header.separator == "\t" else "csv", ("columns for time and text",))
    return None


def nearest(found: Sample, formats: Mapping[str, Format] | None = None) -> list[Verdict]:
    """Return the formats of which most holds, and at least something, best first."""
    formats = catalogue() if formats is None else formats
    best: dict[str, Verdict] = {}
    for one in found.values[:5] or (None,):
        for verdict in _verdicts(found, one, formats):
            if verdict.holding and (
                verdict.name not in best or _nearness(verdict) > _nearness(best[verdict.name])
            ):
                best[verdict.name] = verdict
    return sorted(best.values(), key=_nearness, reverse=True)[:_NEAREST]


def cannot_tell(shown: str, found: Sample) -> str:
    """Return the message of a source that nobody recognises: what comes near, and what to do."""
    near = nearest(found)
    said = f"; nearest is {' — '.join(map(str, near))}" if near else ""
    if found.is_json:
        ways = "--columns id=PATH,time=PATH,text=PATH with the paths of its fields"
    elif found.header is not None:
        ways = "--columns time=COLUMN,text=COLUMN with the names of its columns and --format csv"
    else:
        ways = "a file of lines, JSON or a table"
    what = f" among the columns {', '.join(found.header.columns[:30])}" if _looks_tabular(found) else ""
    return (
        f"cannot tell the format of {shown}{what}{said}. Say it with --format {'|'.join(catalogue())}; or read it "
        f"with {ways}; or tell it in a file, --format FILE.toml (docs/ingest.md)"
    )


def _looks_tabular(found: Sample) -> bool:
    return found.header is not None and len(found.header.columns) > 1


def _nearness(verdict: Verdict) -> float:
    return len(verdict.holding) / (len(verdict.holding) + len(verdict.failing))


def _verdicts(found: Sample, value: object, formats: Mapping[str, Format]) -> Iterator[Verdict]:
    for form in formats.values():
        for rule in form.recognise:
            holding: list[str] = []
            failing: list[str] = []
            for holds, yes, no in _conditions(rule, found, value):
                if holds:
                    holding.append(yes)
                else:
                    failing.append(no)
            yield Verdict(form.name, tuple(filter(None, holding)), tuple(failing))


def _conditions(rule: Rule, found: Sample, value: object) -> Iterator[tuple[bool, str, str]]:
    """Yield of each condition: whether it holds, how to say so, and how to say that it does not."""
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
    columns = {bare(name) for name in found.header.columns} if found.header else set()
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
    if rule.assigned:
        yield (
            found.assigned in rule.assigned,
            f"window.YTD.{found.assigned}",
            "it is no such file of an archive",
        )
    tests: tuple[tuple[tuple[str, ...], Callable[[str], bool], str], ...] = (
        (rule.begins, lambda text: found.begins.startswith(text.encode()), "begin with"),
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
    """Tell a table by a header in which time and text have names that are known."""
    try:
        plan(header, TableOptions(), "table")
    except UsageError:
        return False
    return True
