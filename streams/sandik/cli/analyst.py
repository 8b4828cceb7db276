"""The commands of analysts: replay, diff, export, report. Each imports what it needs when it runs."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from sandik.cli.options import (
    Corrected,
    Counts,
    Force,
    From,
    Json,
    Part,
    Posts,
    Seed,
    TableFile,
    To,
    load_settings,
)
from sandik.errors import UsageError

app = typer.Typer()


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
        Literal["event", "record"],
        typer.Option(
            help="event: windows entirely inside the range. record: posts that Kafka received in it."
        ),
    ] = "event",
    lexicon: Annotated[
        list[str] | None,
        typer.Option(
            metavar="LAYER", help="As for SANDIK_LEXICON, which is the default; again for more layers."
        ),
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
    sources: Annotated[
        str | None,
        typer.Option(
            metavar="NAMES",
            help="Counts by source in OUT.sources.*: telegram,x, or off. Default: SANDIK_SOURCES.",
        ),
    ] = None,
    hopping: Annotated[
        str | None,
        typer.Option(
            metavar="SIZE/ADVANCE",
            help="Also write hopping windows, such as 1h/5m, or off. Default: the settings.",
        ),
    ] = None,
    session_gap: Annotated[
        str | None,
        typer.Option(
            metavar="DURATION",
            help="Also write sessions that this much silence ends, or off. Default: the settings.",
        ),
    ] = None,
    final: Annotated[bool, typer.Option("--final", help="Omit windows that are not final.")] = False,
    manifest: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Repeat the replay of this manifest and compare the bytes."),
    ] = None,
    processes: Annotated[int | None, typer.Option(min=1, help="Default: one per core.")] = None,
    force: Force = False,
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
    from sandik.replay.command import run_replay
    from sandik.replay.request import Request, spans_of, with_rules
    from sandik.replay.verify import run_verify

    settings = load_settings()
    if manifest is not None:
        rules = (lexicon, detector, window, authors, terms, sources, hopping, session_gap)
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
        by=by,
        finals_only=final,
        spans=spans_of(hopping, session_gap, settings.derived_sizes),
        processes=processes,
        force=force,
    )
    rules_of_line = with_rules(
        settings, ",".join(lexicon) if lexicon else None, detector, window, authors, terms, sources
    )
    raise typer.Exit(run_replay(request, rules_of_line))


@app.command()
def sample(
    posts: Posts = None,
    out: Annotated[Path, typer.Option(help="The folder to write.")] = Path("sample"),
    seed: Seed = 1,
    per_stratum: Annotated[
        int, typer.Option(min=1, help="Posts of each language, source and kind (tags, near-miss, rest).")
    ] = 20,
    language: Annotated[
        list[str] | None, typer.Option(metavar="CODE", help="Only posts of this language; may be repeated.")
    ] = None,
    from_: From = None,
    to: To = None,
) -> None:
    """Draw posts for people to code: tables that do not show the tags, a codebook, and the design apart."""
    from sandik.figures.language_names import language_codes
    from sandik.hand_coding.sample import SampleOrder, run_sample

    languages = tuple(sorted(language_codes(language or ())))
    order = SampleOrder(tuple(posts or ()), out, seed, per_stratum, from_, to, languages)
    raise typer.Exit(run_sample(order, load_settings()))


@app.command()
def agree(
    design: Annotated[Path, typer.Argument(metavar="DESIGN", help="design.json of `sandik sample`.")],
    coders: Annotated[
        list[Path],
        typer.Argument(metavar="CODES...", help="The tables that the coders filled in: .csv, .xlsx, .jsonl."),
    ],
    out: Annotated[
        Path | None, typer.Option(help="Write the corrections for `report` and `export` to this file.")
    ] = None,
    force: Force = False,
    json: Json = False,
) -> None:
    """Say how far coders agree, and how right the tags are, weighted to all posts."""
    from sandik.hand_coding.agree import AgreeOrder, run_agree

    raise typer.Exit(run_agree(AgreeOrder(design, tuple(coders), out, force), json=json))


@app.command()
def compare(
    counts: Counts,
    one: Part,
    other: Annotated[str, typer.Argument(metavar="B", help="Likewise.")],
    step: Annotated[
        str, typer.Option(metavar="DURATION", help="Length of the steps in which a share varies.")
    ] = "1d",
    json: Json = False,
) -> None:
    """Put two periods, languages or sources side by side, with the difference of their shares."""
    from sandik.comparison.command import CompareOrder, run_compare

    raise typer.Exit(run_compare(CompareOrder(counts, one, other, step), load_settings(), json=json))


@app.command()
def sources(
    out: TableFile,
    posts: Posts = None,
    most: Annotated[
        int, typer.Option(min=1, help="How many sources to name; the others become `other`.")
    ] = 20,
    detail: Annotated[
        bool, typer.Option("--detail", help="By channel, feed or forum, where a source has them.")
    ] = False,
    from_: From = None,
    to: To = None,
    force: Force = False,
) -> None:
    """Count by source, in the windows of the counts: the sources of a cell add up to it."""
    from sandik.comparison.sources import SourcesOrder, run_sources

    order = SourcesOrder(tuple(posts or ()), out, most, from_, to, force, detail)
    raise typer.Exit(run_sources(order, load_settings()))


@app.command()
def words(
    posts: Annotated[
        str, typer.Argument(metavar="POSTS", help="Counts of a replay, a file of posts, or `live`.")
    ],
    one: Part,
    baseline: Annotated[
        str | None, typer.Argument(metavar="[B]", help="The same: also show what A has more of than B.")
    ] = None,
    tag: Annotated[str, typer.Option(help="Only posts with this tag: election, deepfake, both, …")] = "all",
    top: Annotated[int, typer.Option(min=1, help="How many rows a table has.")] = 20,
    json: Json = False,
) -> None:
    """Show which terms stand in the same posts, and which words rise against a baseline."""
    from sandik.texts.words_command import WordsOrder, run_words

    raise typer.Exit(run_words(WordsOrder(posts, one, baseline, tag, top), load_settings(), json=json))


@app.command()
def copies(
    posts: Posts = None,
    tag: Annotated[str, typer.Option(help="Only posts with this tag: election, both, all, …")] = "election",
    language: Annotated[str | None, typer.Option(metavar="CODE", help="Only posts of this language.")] = None,
    from_: From = None,
    to: To = None,
    top: Annotated[int, typer.Option(min=1, help="How many rows the table has.")] = 10,
    out: Annotated[Path | None, typer.Option(help="Write all texts with their posts to this file.")] = None,
    force: Force = False,
    json: Json = False,
) -> None:
    """Say how many texts the posts have, nearly the same counted once, and which were posted most."""
    from sandik.figures.language_names import language_code
    from sandik.texts.copies_command import CopiesOrder, run_copies

    code = None if language is None else language_code(language)
    order = CopiesOrder(
        posts=tuple(posts or ()), tag=tag, language=code, from_=from_, to=to, top=top, out=out, force=force
    )
    raise typer.Exit(run_copies(order, load_settings(), json=json))


@app.command()
def rollup(
    counts: Counts,
    out: TableFile,
    step: Annotated[
        str, typer.Option(metavar="DURATION", help="15m, 1h, 6h, 1d, 7d (from Monday on).")
    ] = "1d",
    zone: Annotated[str, typer.Option(help="Time zone of the steps: Europe/Istanbul, UTC.")] = "UTC",
    force: Force = False,
) -> None:
    """Add counts up to steps of a zone's clock: a day in Istanbul begins at midnight there."""
    from sandik.comparison.rollup import RollupOrder, run_rollup

    raise typer.Exit(run_rollup(RollupOrder(counts, out, step, zone, force), load_settings()))


@app.command()
def cite(
    counts: Annotated[Path, typer.Argument(metavar="COUNTS", help="Counts that a replay wrote.")],
    format: Annotated[  # noqa: A002  # the option's name
        Literal["text", "bibtex", "ris"], typer.Option(help="text, bibtex or ris.")
    ] = "text",
) -> None:
    """Print how counts are cited: posts, rules, hashes, and how to count them again."""
    from sandik.replay.cite import run_cite

    raise typer.Exit(run_cite(counts, format))


@app.command()
def export(
    what: Annotated[
        Literal["mentions", "posts", "counts", "sources"],
        typer.Argument(help="The topic; `sources` is `counts.sources`."),
    ],
    out: Annotated[Path, typer.Argument(help=".parquet, .jsonl or .csv; with --by-day, a folder.")],
    from_: From = None,
    to: To = None,
    by_day: Annotated[bool, typer.Option("--by-day", help="One file per day: OUT/day=2023-05-11/.")] = False,
    format: Annotated[str, typer.Option(help="With --by-day: parquet, jsonl or csv.")] = "parquet",  # noqa: A002
    texts: Annotated[bool, typer.Option(help="Posts: include their texts.")] = True,
    authors: Annotated[
        Literal["keep", "pseudonym", "drop"] | None,
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
    force: Force = False,
    json: Json = False,
    corrected: Corrected = None,
) -> None:
    """Write a topic as a table, with a data dictionary. Times are event times."""
    from sandik.export.command import Order, run_export
    from sandik.tables.writers import CsvForm

    order = Order(
        what=what,
        out=out,
        from_=from_,
        to=to,
        by_day=by_day,
        format_name=format,
        texts=texts,
        authors=authors,
        key_file=author_key_file,
        force=force,
        csv=CsvForm(raw_csv, bom),
        corrected=corrected,
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
    seed: Seed = 1,
    sample: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Draw posts that only one of them tags, for people to code."),
    ] = None,
    per_stratum: Annotated[int, typer.Option(min=1, help="With --sample: posts of each kind.")] = 50,
    design: Annotated[
        Path | None, typer.Option(metavar="FILE", help="design.json of such a sample, with --codes.")
    ] = None,
    codes: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="What a coder has filled in; again for more coders."),
    ] = None,
    json: Json = False,
) -> None:
    """Show which cells of two results differ and why. The exit code is 1 if there are any."""
    from sandik.diff.command import DiffOrder, run_diff

    order = DiffOrder(
        before=before,
        after=after,
        top=top,
        examples=examples,
        seed=seed,
        sample=sample,
        per_stratum=per_stratum,
        design=design,
        codes=tuple(codes or ()),
    )
    raise typer.Exit(run_diff(order, load_settings(), json=json))


@app.command()
def report(
    counts: Counts,
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
        Path | None, typer.Option(help="Exported mentions. Default: the topic, or the posts of the replay.")
    ] = None,
    examples: Annotated[bool, typer.Option(help="Include terms, and posts of bursts.")] = True,
    texts: Annotated[bool, typer.Option(help="Include texts and ids of posts.")] = True,
    corrected: Corrected = None,
    force: Force = False,
    png: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Also write the charts as PNG files into this folder."),
    ] = None,
    pdf: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Also print the report to this .pdf file, by Chromium."),
    ] = None,
    lang: Annotated[Literal["en", "tr", "ru"], typer.Option(help="Language of the report.")] = "en",
    json: Json = False,
) -> None:
    """Write the figures of a period as one self-contained HTML file. Times are event times."""
    from sandik.report.command import run_report
    from sandik.report.gather import Order

    order = Order(
        counts=counts,
        out=out,
        from_=from_,
        to=to,
        step=step,
        mentions=mentions,
        examples=examples,
        texts=texts,
        force=force,
        png=png,
        corrected=corrected,
        lang=lang,
        pdf=pdf,
    )
    raise typer.Exit(run_report(order, load_settings(), json=json))
