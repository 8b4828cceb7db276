"""The command `sandik`. Each command imports what it needs when it runs, so that `--help` is instant."""

import logging
import sys
from contextlib import AbstractContextManager, nullcontext, suppress
from pathlib import Path
from typing import Annotated, Literal, cast

import typer
from typer.core import TyperGroup, TyperOption

from sandik import __version__
from sandik.cli import analyst, dead_letters, operator
from sandik.cli.options import From, Json, To, load_settings
from sandik.errors import SandikError
from sandik.telemetry.log_throttle import Calm

Wait = Annotated[
    float | None,
    typer.Option(
        min=0,
        metavar="SECONDS",
        help="How long to wait for Kafka to start. Default: 30 at a terminal, else 0.",
    ),
]

app = typer.Typer(
    help="Count, per event-time window and language, how much a stream of posts speaks of an election, of "
    "deepfakes, and of both.",
    epilog="Exit codes: 0 done; 1 failed, or found a problem or a difference; 2 usage error; 130 stopped by "
    "Ctrl-C; 143 by SIGTERM. Commands that run until stopped end with 0: worker, broker, dashboard, "
    "bursts, counts, top, up.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
)
topics_app = typer.Typer(help="Manage the Kafka topics.", no_args_is_help=True)
app.add_typer(topics_app, name="topics")
lexicon_app = typer.Typer(help="Check and explain the words that are counted.", no_args_is_help=True)
app.add_typer(lexicon_app, name="lexicon")
app.add_typer(analyst.app)
app.add_typer(operator.runs, name="runs")
app.add_typer(operator.partitions, name="partitions")
# The names are repeated here, because importing sandik.kafka.topics would load all of Kafka for --help.
app.add_typer(dead_letters.commands("posts.dlq", "Invalid records"), name="dlq")
app.add_typer(dead_letters.commands("posts.late", "Posts that arrived too late"), name="late")


def main() -> None:
    """Run the command line. Errors that a user can fix are printed without a traceback."""
    if logging.lastResort:  # prints the logs of all commands except the worker
        logging.lastResort.addFilter(Calm())
    try:
        app()
    except SandikError as error:
        sys.stderr.write(f"sandik: {error}\n")
        sys.exit(error.exit_code)


def _until_stopped(*, is_endless: bool = True) -> AbstractContextManager[None]:
    """End with exit code 0 when stopped, for commands that never end by themselves."""
    return suppress(KeyboardInterrupt) if is_endless else nullcontext()


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"sandik {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    pass


@app.command()
def broker(
    port: Annotated[int, typer.Option(help="Port for clients; 0 picks a free one.")] = 9092,
    controller_port: Annotated[int, typer.Option(help="Port of the controller; 0 picks a free one.")] = 9093,
    data_dir: Annotated[Path, typer.Option(help="Where Kafka stores its data.")] = Path(".sandik/kafka"),
) -> None:
    """Run a real single-node Apache Kafka, without Docker, until Ctrl-C."""
    with _until_stopped():
        from sandik.broker import run_broker

        raise typer.Exit(run_broker(port, controller_port, data_dir))


@topics_app.command("create")
def topics_create(wait: Wait = None) -> None:
    """Create all topics with explicit partitions and cleanup, and return when workers can start.

    Topics that exist are not changed, except for their record timestamp settings.
    """
    import asyncio

    from sandik.kafka.record_times import as_text, mend
    from sandik.kafka.topics import all_topics, create
    from sandik.kafka.waiting import wait_for_kafka

    settings = load_settings()
    asyncio.run(wait_for_kafka(settings, wait))
    made = asyncio.run(create(settings, all_topics(settings)))
    mended = asyncio.run(mend(settings, [spec for spec, created in made if not created]))
    for spec, created in made:
        changes, cleanup = mended.get(spec.name, {}), spec.config["cleanup.policy"]
        state = "created" if created else "changed" if changes else "exists"
        is_known = created or spec.name in mended
        said = as_text(changes) if is_known else "(timestamp settings not checked: allow DescribeConfigs)"
        typer.echo(f"{state:8} {spec.name:24} {spec.partitions:3} partitions  {cleanup:8} {said}".rstrip())


@app.command()
def ingest(
    sources: Annotated[
        list[str],
        typer.Argument(
            metavar="SOURCE...",
            help="Files or patterns, plain or compressed (gzip, zstd, bzip2, xz, zip, tar); - for stdin; "
            "jetstream; mastodon:HOST; or the address of a stream.",
        ),
    ],
    format: Annotated[  # noqa: A002  # the option's name
        str | None,
        typer.Option(
            metavar="NAME|FILE.toml",
            help="A format listed in docs/ingest.md, or a file that describes one. Default: detected from "
            "content and the file name.",
        ),
    ] = None,
    columns: Annotated[
        str | None,
        typer.Option(
            metavar="FIELD=COLUMN|PATH,...",
            help="Columns by name or by number from 1, or JSON paths: time=sent,text=data.body,id=1.",
        ),
    ] = None,
    zone: Annotated[
        str | None, typer.Option(help="Time zone of times without one: Europe/Istanbul, or +03:00.")
    ] = None,
    time_format: Annotated[
        str | None,
        typer.Option(help="Tables: the format of times, as for strptime (%d.%m.%Y %H:%M), or excel."),
    ] = None,
    encoding: Annotated[str, typer.Option(help="CSV and TSV: the encoding.")] = "utf-8-sig",
    source: Annotated[
        str | None, typer.Option(help="Tables: the source of the posts. Default: the file name.")
    ] = None,
    include: Annotated[
        list[str] | None,
        typer.Option(
            help="Add to the text: alt-text of pictures, titles of link-cards (Bluesky, Mastodon); may be "
            "repeated."
        ),
    ] = None,
    private_chats: Annotated[
        bool,
        typer.Option("--private-chats", help="Telegram: also read private chats and groups, if you may."),
    ] = False,
    filter: Annotated[  # noqa: A002  # the option's name
        list[str] | None, typer.Option(help="Only posts with language=tr,ru or term=WORD; may be repeated.")
    ] = None,
    pace: Annotated[
        str, typer.Option(help="max, or follow event time: 1x in real time, 60x a minute per second.")
    ] = "max",
    cursor: Annotated[
        Path | None, typer.Option(help="Live: the file that stores where to continue after a restart.")
    ] = None,
    token_file: Annotated[
        Path | None, typer.Option(help="Mastodon: a file with the access token for its streams.")
    ] = None,
    zstd_dictionary: Annotated[
        Path | None, typer.Option(help="Jetstream v1: compress with the dictionary in this file.")
    ] = None,
    order: Annotated[
        Literal["time", "as-is"],
        typer.Option(
            help="Order in which posts of files are written: time sorts all files by event time; as-is keeps "
            "their order, needs no disk space, and makes unsorted posts late."
        ),
    ] = "time",
    temp_dir: Annotated[
        Path | None,
        typer.Option(
            help="Where posts are stored while they are sorted. Default: the system's temporary folder."
        ),
    ] = None,
    from_: From = None,
    to: To = None,
    close: Annotated[
        bool,
        typer.Option("--close", help="Files: make the last windows final, because no later posts follow."),
    ] = False,
    check: Annotated[
        bool,
        typer.Option(
            "--check", help="Read everything and print the numbers, without Kafka. Produces nothing."
        ),
    ] = False,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Print the first posts as they would be produced. Produces nothing."),
    ] = False,
    explain: Annotated[
        bool, typer.Option("--explain", help="Also print the reason for each skipped line.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print the summary as a JSON line.")] = False,
) -> None:
    """Write the posts of files or of a live source to the topic `posts`, and report everything else."""
    from sandik.ingest.command import IngestOptions, rules_of, run_ingest, table_options
    from sandik.kafka.connection import client_options
    from sandik.kafka.ranges import bounds_ms
    from sandik.kafka.topics import PARTIALS, POSTS

    settings = load_settings()
    from_ms, to_ms = bounds_ms(from_, to)
    options = IngestOptions(
        format=format,
        table=table_options(
            columns, zone, time_format, source, encoding, include or (), private_chats=private_chats
        ),
        filters=filter or (),
        pace=pace,
        is_dry_run=dry_run,
        explain=explain,
        json_summary=json,
        author_key=settings.author_key.get_secret_value() if settings.author_key else None,
        max_ahead_ms=settings.max_ahead_ms,
        cursor=cursor,
        token_file=token_file,
        zstd_dictionary=zstd_dictionary,
        order=order,
        temp_dir=temp_dir,
        from_ms=from_ms,
        to_ms=to_ms,
        is_check=check,
        is_closing=close,
        rules=rules_of(settings),
        partials=settings.topic(PARTIALS),
    )
    raise typer.Exit(
        run_ingest(sources, connection=client_options(settings), topic=settings.topic(POSTS), options=options)
    )


@app.command(
    context_settings={"ignore_unknown_options": True},
    epilog="All options of `sandik ingest` are accepted too: --format, --columns, --filter, --pace, ...",
)
def up(
    sources: Annotated[
        list[str] | None, typer.Argument(metavar="SOURCE...", help="What to read, as for `sandik ingest`.")
    ] = None,
    data_dir: Annotated[
        Path | None, typer.Option(help="Where all data is stored. Default: SANDIK_DATA_DIR, or .sandik")
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(
            min=0, max=65535, help="Port of the page; 0 picks a free one. Default: 8080 if it is free."
        ),
    ] = None,
    open_: Annotated[bool, typer.Option("--open", help="Also open the page in a browser.")] = False,
    again: Annotated[bool, typer.Option(help="Read files again that were already read.")] = False,
) -> None:
    """Start Kafka, topics, a worker and the page as needed, and read the sources, until Ctrl-C.

    A second `up` with the same data folder reads its own source into the running one. With SANDIK_BROKER
    set, no Kafka is started.
    """
    with _until_stopped():
        from sandik.up.command import run_up

        words = sources or []
        raise typer.Exit(
            run_up(
                words,
                _options("ingest", words),
                load_settings(),
                data_dir=data_dir,
                page_port=port,
                reads_again=again,
                opens_page=open_,
            )
        )


@app.command()
def worker(
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"] | None,
        typer.Option(help="Log level. Default: SANDIK_LOG_LEVEL."),
    ] = None,
    wait: Wait = None,
) -> None:
    """Count posts until Ctrl-C. Run at most one worker per partition of `posts`, on any machines."""
    with _until_stopped():
        from sandik.worker.start import run_worker

        run_worker(load_settings(), log_level, wait)


@app.command()
def counts(
    json: Annotated[bool, typer.Option("--json", help="Print one JSON line per record.")] = False,
    once: Annotated[bool, typer.Option(help="Print the current counts and stop.")] = False,
    tag: Annotated[list[str] | None, typer.Option(help="Only these tags; may be repeated.")] = None,
    language: Annotated[
        list[str] | None, typer.Option(help="Only these languages: tr or Turkish; may be repeated.")
    ] = None,
    source: Annotated[
        list[str] | None,
        typer.Option(
            help="Only these sources with their channels, where SANDIK_SOURCES counts them; may be repeated."
        ),
    ] = None,
    by: Annotated[
        Literal["language", "source"], typer.Option(help="What the rows of the table are of.")
    ] = "language",
    from_: From = None,
    to: To = None,
    last: Annotated[int, typer.Option(min=1, help="How many windows the table shows.")] = 20,
    windows: Annotated[
        Literal["tumbling", "hopping", "sessions"], typer.Option(help="Which kind of windows.")
    ] = "tumbling",
) -> None:
    """Follow the counts, final and current: a table at a terminal, or JSON lines."""
    with _until_stopped(is_endless=not once):
        from sandik.cli.counts import run_counts
        from sandik.cli.counts_query import Filter
        from sandik.figures.language_names import language_codes
        from sandik.kafka.ranges import bounds_ms

        bounds = bounds_ms(from_, to)
        wanted = Filter(
            frozenset(tag or ()), language_codes(language or ()), *bounds, sources=frozenset(source or ())
        )
        run_counts(load_settings(), wanted, windows, by, json=json, once=once, last=last)


@app.command()
def dashboard(
    host: Annotated[
        str,
        typer.Option(
            help="Address to listen on. There is no login: anyone who can connect can read everything."
        ),
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 picks a free one.")] = 8080,
    from_: From = None,
    hide_texts: Annotated[bool, typer.Option(help="Do not send the texts of posts to browsers.")] = False,
    allow_origin: Annotated[
        list[str] | None,
        typer.Option(help="A site whose scripts may read /api, or *; may be repeated. Default: none."),
    ] = None,
    notes: Annotated[
        Path | None, typer.Option(metavar="FILE.toml", help="A file with notes to show on the charts.")
    ] = None,
    corrected: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="What `sandik agree --out` wrote: also show the corrected share."),
    ] = None,
) -> None:
    """Serve the counts as a web page and an API until Ctrl-C. Any number of dashboards may run."""
    with _until_stopped():
        from sandik.dashboard.command import run_dashboard
        from sandik.kafka.ranges import instant_ms

        run_dashboard(
            load_settings(),
            host=host,
            port=port,
            from_ms=instant_ms(from_),
            hides_texts=hide_texts,
            origins=allow_origin or (),
            notes=notes,
            corrected=corrected,
        )


@app.command()
def bursts(
    host: Annotated[str, typer.Option(help="Address for health and metrics.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port for these; 0 picks a free one.")] = 8082,
    from_: From = None,
) -> None:
    """Keep the topic `bursts` right as counts come, and tell SANDIK_BURSTS_WEBHOOK, until Ctrl-C."""
    with _until_stopped():
        from sandik.bursts.command import run_bursts
        from sandik.kafka.ranges import instant_ms

        run_bursts(load_settings(), host=host, port=port, from_ms=instant_ms(from_))


@app.command()
def annotate(
    source: Annotated[
        str, typer.Argument(metavar="FILE|-", help="JSON lines with a `text`, or - for stdin.")
    ],
) -> None:
    """Print language, tags and terms of each line, in order, without Kafka."""
    from sandik.cli.annotate import run_annotate

    raise typer.Exit(run_annotate(source, load_settings()))


@app.command()
def config(json: Json = False) -> None:
    """Print the settings in effect and where each comes from. Secrets are masked."""
    from sandik.cli.config import print_settings

    print_settings(load_settings(), json=json)


@app.command()
def doctor(json: Json = False) -> None:
    """Check Kafka, topics, posts, lexicon and clocks, and say how to fix problems. Exit code 1 on errors."""
    from sandik.ops.doctor import run_doctor

    raise typer.Exit(run_doctor(load_settings(), json=json))


@app.command()
def top(
    json: Annotated[bool, typer.Option("--json", help="Print one JSON line per update.")] = False,
    once: Annotated[bool, typer.Option(help="Print one update and stop.")] = False,
    every: Annotated[float, typer.Option(min=0.1, help="Seconds between updates.")] = 2.0,
    last: Annotated[int, typer.Option(min=1, help="Windows to show.")] = 5,
) -> None:
    """Show workers, partitions, lag, rates and the newest windows until Ctrl-C."""
    with _until_stopped(is_endless=not once):
        from sandik.ops.top import run_top

        run_top(load_settings(), every_s=every, last=last, once=once, json=json)


@app.command()
def ask(
    page: Annotated[
        Literal["healthz", "readyz", "metrics"], typer.Argument(metavar="healthz|readyz|metrics")
    ],
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME]...", help="Metrics: only lines with this beginning.")
    ] = None,
) -> None:
    """Print what the worker of this machine or container says of itself. Exit code 1: it is not well."""
    from sandik.ops.ask import run_ask

    raise typer.Exit(run_ask(load_settings(), page, names or []))


@app.command()
def schemas(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="[NAME]", help="A topic or schema, to print its JSON Schema; or `register`, with URL."
        ),
    ] = None,
    url: Annotated[
        str | None, typer.Argument(metavar="[URL]", help="The schema registry to write all schemas to.")
    ] = None,
    asyncapi: Annotated[bool, typer.Option("--asyncapi", help="Print all as one AsyncAPI document.")] = False,
) -> None:
    """List the topics and their schemas, print one as JSON Schema, or write all to a schema registry."""
    if name == "register" or url:
        from sandik.cli.schemas import register

        register(load_settings(), name, url, asyncapi=asyncapi)
        return
    from sandik.cli.schemas import run_schemas

    run_schemas(name, asyncapi=asyncapi)


@lexicon_app.command("check")
def lexicon_check(
    path: Annotated[
        str | None,
        typer.Argument(metavar="[LAYERS|FILE]", help="As for SANDIK_LEXICON, which is the default."),
    ] = None,
    sample: Annotated[
        Path | None, typer.Option(help="JSON lines with a `text`: count the matches of each entry in them.")
    ] = None,
    max_share: Annotated[
        float, typer.Option(min=0, max=1, help="Share of the sample above which an entry is too general.")
    ] = 0.1,
    json: Json = False,
) -> None:
    """Report the mistakes in a lexicon, with file and line. The exit code is 1 if there are errors."""
    from sandik.lexicon_tools.command import run_check

    raise typer.Exit(run_check(path, sample, max_share, load_settings(), json=json))


@lexicon_app.command("explain")
def lexicon_explain(
    text: Annotated[str, typer.Argument(metavar="TEXT|-", help="The text of a post, or - for stdin.")],
    at: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="When it was posted, for entries that are valid on certain days."),
    ] = None,
    json: Json = False,
) -> None:
    """Show language, confidence, every match, and why some matches do not count."""
    from sandik.lexicon_tools.command import run_explain

    raise typer.Exit(run_explain(text, load_settings(), at, json=json))


def _options(name: str, words: list[str]) -> dict[str, bool]:
    """Return the options of a command, and whether each takes a value. Checks `words` against them."""
    command = cast(TyperGroup, typer.main.get_command(app)).commands[name]
    if words:
        command.make_context(f"sandik {name}", list(words))
    options = [one for one in command.params if isinstance(one, TyperOption)]
    return {word: not one.is_flag for one in options for word in (*one.opts, *one.secondary_opts)}
