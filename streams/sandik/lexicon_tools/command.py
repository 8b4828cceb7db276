"""`sandik lexicon check` and `sandik lexicon explain`."""

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec
from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from sandik.clock import SystemClock
from sandik.counting.tags.entries import Place
from sandik.counting.tags.layers import LexiconChoice, layer_names, read_layers
from sandik.counting.tags.lexicon import load_lexicon
from sandik.kafka.ranges import instant_ms
from sandik.lexicon_tools.check import findings
from sandik.lexicon_tools.explain import Explanation, explain
from sandik.lexicon_tools.finding import Finding
from sandik.lexicon_tools.sample import Share, read_sample, shares
from sandik.printing import print_json
from sandik.run_identity import lexicon_notice, load_job, lost_cells
from sandik.settings import Settings


class Report(msgspec.Struct):
    """What `sandik lexicon check --json` prints. `sample` is None without a sample, or if there are errors.

    `lost_cells` are tags that the built-in lexicon counts and this one does not.
    """

    lexicon: str
    errors: int
    warnings: int
    findings: list[dict[str, str | int]]
    sample: list[Share] | None
    lost_cells: tuple[str, ...]


def run_check(
    path: str | None, sample: Path | None, max_share: float, settings: Settings, *, json: bool
) -> int:
    """Print the findings about a lexicon, or about one file of it. Returns 1 if there are errors.

    Raises:
        UsageError: the sample cannot be read.
        LexiconError: there is no lexicon.
    """
    texts = read_sample(sample) if sample else []
    file = Path(path).name if path and Path(path).is_file() else None
    lexicon = str(Path(path).parent) if path and file else path or settings.lexicon
    found = findings(lexicon)
    hit = None
    lost: tuple[str, ...] = ()
    if file is None and not any(one.level == "error" for one in found):
        lost = lost_cells(load_lexicon(lexicon))  # no tagger: making one takes seconds
    if texts and not any(one.level == "error" for one in found):
        job = load_job(settings.model_copy(update={"lexicon": lexicon}))
        hit = shares(job.tagger, job.detector, texts)
        found += (
            Finding("warning", "too general", _place(lexicon, share), share.complaint())
            for share in hit
            if share.share > max_share
        )
    if file:
        found = [one for one in found if one.place.file.name == file]
        hit = hit and [share for share in hit if share.file == file]
    levels = [one.level for one in found]
    errors, warnings = levels.count("error"), levels.count("warning")
    report = Report(path or ",".join(layer_names(lexicon)), errors, warnings, _plain(found), hit, lost)
    if json:
        print_json(report)
    else:
        _print_report(report, found, len(texts))
    return int(report.errors > 0)


def _place(lexicon: LexiconChoice, share: Share) -> Place:
    """Return the file and line of an entry, with its layer if there are several."""
    name, _, file = share.file.rpartition("/")
    folders = {layer.name: layer.folder for layer in read_layers(lexicon)}
    folder = folders[name] if name else next(iter(folders.values()))
    return Place(folder / file, share.line)


def run_explain(text: str, settings: Settings, at: str | None, *, json: bool) -> int:
    """Print the tags of `text`, and why it has them. "-" reads the text from standard input. Returns 0."""
    if text == "-":
        text = sys.stdin.buffer.read().decode("utf-8", "replace").removesuffix("\n")
    job = load_job(settings)
    explanation = explain(text, job, None if at is None else instant_ms(at, SystemClock().now_ms()))
    if notice := lexicon_notice(settings.lexicon, lost_cells(job.tagger)):
        sys.stderr.write(f"{notice}\n")
    if json:
        print_json(explanation)
    else:
        _print_explanation(explanation)
    return 0


def _plain(found: Iterable[Finding]) -> list[dict[str, str | int]]:
    return [
        {
            "level": one.level,
            "kind": one.kind,
            "file": str(one.place.file),
            "line": one.place.line,
            "message": one.message,
        }
        for one in found
    ]


def _print_report(report: Report, found: Iterable[Finding], posts: int) -> None:
    console = Console(highlight=False, soft_wrap=True)
    for one in found:
        line = Text(f"{one.place}: ")
        line.append(one.level, style="red" if one.level == "error" else "yellow")
        console.print(line.append(f": {one.kind}: {one.message}"))
    if report.sample is not None:
        _print_rows(
            console,
            [
                (f"{share.share:6.1%}", f"{share.posts} of {posts}", share.tag, share.term, share.where)
                for share in report.sample
            ],
        )
    elif posts:
        sys.stderr.write("the sample was not checked: fix the errors first\n")
    if not report.errors and (notice := lexicon_notice(report.lexicon, report.lost_cells)):
        sys.stderr.write(f"{notice}\n")
    counts = ((report.errors, "error"), (report.warnings, "warning"))
    said = ", ".join(f"{count} {word}{'s' * (count != 1)}" for count, word in counts)
    sys.stderr.write(f"{report.lexicon}: {said}\n")


def _print_explanation(explanation: Explanation) -> None:
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"language  {explanation.language} ({explanation.language_confidence:.2f})")
    console.print(f"tags      {', '.join(explanation.tags) or 'none'}")
    rows = [
        (
            "counts" if match.counts else "does not",
            f"{match.start}-{match.end}",
            " ".join(match.text.split()),
            match.tag,
            match.term,
            match.entry,
            match.reason or match.conditions or "",
        )
        for match in explanation.matches
    ]
    _print_rows(console, [("", "at", "text", "tag", "term", "entry", ""), *rows] if rows else [])


def _print_rows(console: Console, rows: Sequence[Sequence[str]]) -> None:
    """Print columns as wide as needed. Lines are never broken, so that they can be searched."""
    widths = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        padded = (cell + " " * (width - cell_len(cell)) for cell, width in zip(row, widths, strict=True))
        console.print(Text("  ".join(padded).rstrip(), style="green" if row[0] == "counts" else ""))
