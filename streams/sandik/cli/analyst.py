"""The commands of analysts: replay, diff, export, report. Each imports what it needs when it runs."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

import typer

from sandik.errors import UsageError

app = typer.Typer()

From = Annotated[
    str | None,
    typer.Option("--from", metavar="TIME", help="Start: ISO 8601 with a zone, or -2h, -7d."),
]
To = Annotated[str | None, typer.Option("--to", metavar="TIME", help="End, exclusive.")]


class By(StrEnum):
    """Which time a range refers to."""

    event = "event"
    record = "record"


@app.command()
def replay(
    files: Annotated[
        list[str] | None,
        typer.Argument(metavar="[FILE...]", help="Files, as for ingest. Default: the topic `posts`."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Write the counts to this file: .jsonl, .csv or .parquet.")
    ] = None,
    topic: Annotated[
        str | None, typer.Option(metavar="RUN", help="Write the counts to their own topic, counts.RUN.")
    ] = None,
    from_: From = None,
    to: To = None,
    by: Annotated[
        By,
        typer.Option(
            help="event: windows entirely inside the range. record: posts that Kafka received in it."
        ),
    ] = By.event,
    lexicon: Annotated[
        str | None, typer.Option(metavar="LAYERS", help="As for SANDIK_LEXICON, which is the default.")
    ] = None,
    detector: Annotated[str | None, typer.Option(help="Language detector. Default: SANDIK_DETECTOR.")] = None,
    window: Annotated[
        str | None,
        typer.Option(metavar="DURATION", help="Window size: 60s, 5m, 1h. Default: SANDIK_WINDOW_SIZE_MS."),
    ] = None,
    authors: Annotated[
        bool | None, typer.Option("--authors/--no-authors", help="Count authors. Default: SANDIK_AUTHORS.")
    ] = None,
    terms: Annotated[
        bool | None,
        typer.Option("--terms/--no-terms", help="Write top terms to OUT.terms.*. Default: SANDIK_TERMS."),
    ] = None,
    hopping: Annotated[
        str | None,
        typer.Option(
            metavar="SIZE/ADVANCE", help="Also write hopping windows, such as 1h/5m, to OUT.hopping."
        ),
    ] = None,
    session_gap: Annotated[
        str | None,
        typer.Option(
            metavar="DURATION", help="Also write sessions, which end after this gap, to OUT.sessions."
        ),
    ] = None,
    final: Annotated[bool, typer.Option("--final", help="Omit windows that are not final.")] = False,
    manifest: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Repeat the replay of this manifest and compare the bytes."),
    ] = None,
    processes: Annotated[int | None, typer.Option(min=1, help="Default: one per core.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace existing files.")] = False,
    format: Annotated[str | None, typer.Option(help="Files: as for ingest.")] = None,  # noqa: A002
    columns: Annotated[str | None, typer.Option(help="Tables: as for ingest.")] = None,
    zone: Annotated[str | None, typer.Option(help="Tables: as for ingest.")] = None,
    time_format: Annotated[str | None, typer.Option(help="Tables: as for ingest.")] = None,
    encoding: Annotated[str | None, typer.Option(help="CSV and TSV: as for ingest.")] = None,
    source: Annotated[str | None, typer.Option(help="Tables: as for ingest.")] = None,
    order: Annotated[
        Literal["time", "as-is"] | None, typer.Option(help="Files: as for ingest. Default: time.")
    ] = None,
) -> None:
    """Count a range of posts again, without touching the live counts. Same settings, same bytes."""
    from sandik.cli.config import load_settings
    from sandik.replay.command import run_replay
    from sandik.replay.request import Request, spans_of, with_rules
    from sandik.replay.verify import run_verify

    settings = load_settings()
    if manifest is not None:
        rules = (lexicon, detector, window, authors, terms, hopping, session_gap)
        if files or out or topic or from_ or to or final or force or any(one is not None for one in rules):
            raise UsageError(
                "--manifest already defines the replay: remove all other options except --processes"
            )
        raise typer.Exit(run_verify(manifest, settings, processes))
    reading = {
        "format": format,
        "columns": columns,
        "zone": zone,
        "time_format": time_format,
        "encoding": encoding,
        "source": source,
        "order": order,
    }
    request = Request(
        out=None if out is None else str(out),
        topic=topic,
        files=tuple(files or ()),
        reading=reading,
        from_=from_,
        to=to,
        by=by.value,
        finals_only=final,
        spans=spans_of(hopping, session_gap),
        processes=processes,
        force=force,
    )
    raise typer.Exit(run_replay(request, with_rules(settings, lexicon, detector, window, authors, terms)))


class What(StrEnum):
    """Which topic becomes a table."""

    mentions = "mentions"
    posts = "posts"
    counts = "counts"


class Authors(StrEnum):
    """What to do with ids that name authors."""

    keep = "keep"
    pseudonym = "pseudonym"
    drop = "drop"


@app.command()
def export(
    what: Annotated[What, typer.Argument(help="The topic.")],
    out: Annotated[Path, typer.Argument(help=".parquet, .jsonl or .csv; with --by-day, a folder.")],
    from_: From = None,
    to: To = None,
    by_day: Annotated[bool, typer.Option("--by-day", help="One file per day: OUT/day=2023-05-11/.")] = False,
    format: Annotated[str, typer.Option(help="With --by-day: parquet, jsonl or csv.")] = "parquet",  # noqa: A002
    texts: Annotated[bool, typer.Option(help="Posts: include their texts.")] = True,
    authors: Annotated[
        Authors | None,
        typer.Option(
            help="keep: original ids and links. pseudonym, drop: ids of posts are hashed and links removed. "
            "Default: pseudonym if there is a key; otherwise drop for posts, keep for mentions."
        ),
    ] = None,
    author_key_file: Annotated[
        Path | None, typer.Option(help="File with the key for pseudonyms. Default: SANDIK_AUTHOR_KEY.")
    ] = None,
    raw_csv: Annotated[
        bool,
        typer.Option("--raw-csv", help="CSV: do not guard texts that a spreadsheet could run as formulas."),
    ] = False,
    bom: Annotated[
        bool, typer.Option("--bom", help="CSV: start with a byte order mark, so that Excel reads UTF-8.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing export.")] = False,
    json: Annotated[
        bool, typer.Option("--json", help="Print a summary of what was written as a JSON line.")
    ] = False,
) -> None:
    """Write a topic as a table, with a data dictionary. Times are event times."""
    from sandik.cli.config import load_settings
    from sandik.export.command import Order, run_export
    from sandik.tables.writers import CsvForm

    order = Order(
        what.value,
        out,
        from_,
        to,
        by_day,
        format,
        texts,
        None if authors is None else authors.value,
        author_key_file,
        force,
        CsvForm(raw_csv, bom),
    )
    raise typer.Exit(run_export(order, load_settings(), json=json))


@app.command()
def diff(
    before: Annotated[str, typer.Argument(metavar="A", help="A file of counts, `live`, or topic:NAME.")],
    after: Annotated[str, typer.Argument(metavar="B", help="The same.")],
    top: Annotated[int, typer.Option(min=1, help="How many cells the table shows.")] = 20,
    examples: Annotated[
        int,
        typer.Option(
            min=0, help="How many posts to show that the two tag differently. Needs both manifests."
        ),
    ] = 0,
    json: Annotated[bool, typer.Option("--json", help="Print everything as one JSON object.")] = False,
) -> None:
    """Show which cells of two results differ and why. The exit code is 1 if there are any."""
    from sandik.cli.config import load_settings
    from sandik.diff.command import run_diff

    settings = load_settings()
    raise typer.Exit(run_diff(before, after, settings, top=top, examples=examples, json=json))


@app.command()
def report(
    counts: Annotated[str, typer.Argument(metavar="COUNTS", help="A file of counts, `live`, or topic:NAME.")],
    out: Annotated[Path | None, typer.Argument(help="The file to write: .html.")] = None,
    from_: From = None,
    to: To = None,
    step: Annotated[
        str | None,
        typer.Option(
            metavar="DURATION", help="Length of a step: 5m, 1h, 1d. Default: chosen to fit the period."
        ),
    ] = None,
    mentions: Annotated[
        Path | None,
        typer.Option(help="Exported mentions. Default: the topic, or the posts of the replay."),
    ] = None,
    examples: Annotated[bool, typer.Option(help="Include terms, and posts of bursts.")] = True,
    texts: Annotated[bool, typer.Option(help="Include texts and ids of posts.")] = True,
    force: Annotated[bool, typer.Option("--force", help="Replace existing files.")] = False,
    png: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Also write the charts as PNG files into this folder."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the figures as one JSON object.")] = False,
) -> None:
    """Write the figures of a period as one self-contained HTML file. Times are event times."""
    from sandik.cli.config import load_settings
    from sandik.report.command import run_report
    from sandik.report.gather import Order

    order = Order(counts, out, from_, to, step, mentions, examples, texts, force, png)
    raise typer.Exit(run_report(order, load_settings(), json=json))
