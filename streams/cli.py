"""The command `sandik`. Each command imports what it needs when it runs, so that `--help` is instant."""

import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from streams import __version__
from streams.errors import SandikError
from streams.settings import Settings

#: How a time may be written on the command line.
TIMES = ["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%SZ"]

app = typer.Typer(
    help="Count, per event-time window and language, how much a stream of posts speaks of an election, of "
    "deepfakes, and of both.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
topics_app = typer.Typer(help="The Kafka topics.", no_args_is_help=True)
app.add_typer(topics_app, name="topics")


def main() -> None:
    """Run the command line. Errors a user can mend are printed without a traceback."""
    try:
        app()
    except SandikError as error:
        sys.stderr.write(f"sandik: {error}\n")
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)


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
    port: Annotated[int, typer.Option(help="Port for clients; 0 takes a free one.")] = 9092,
    controller_port: Annotated[int, typer.Option(help="Port of the controller; 0 takes a free one.")] = 9093,
    data_dir: Annotated[Path, typer.Option(help="Where Kafka keeps its data.")] = Path(".sandik/kafka"),
) -> None:
    """Run a real single-node Apache Kafka, without Docker, until Ctrl-C."""
    from streams.broker import run_broker

    raise typer.Exit(run_broker(port, controller_port, data_dir))


@topics_app.command("create")
def topics_create() -> None:
    """Make all topics, with explicit partitions and cleanup. Those that exist are left as they are."""
    from streams.topics import all_topics, create

    settings = _settings()
    for spec, created in asyncio.run(create(settings, all_topics(settings))):
        state = "created" if created else "exists"
        typer.echo(
            f"{state:8} {spec.name:24} {spec.partitions:3} partitions  {spec.config['cleanup.policy']}"
        )


@app.command()
def ingest(
    sources: Annotated[list[str], typer.Argument(metavar="FILE...", help="Files of posts, or - for stdin.")],
    format: Annotated[  # noqa: A002  # the option's name
        str | None,
        typer.Option(help="jsonl, telegram or ira-tsv. Default: by the file's name and beginning."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the summary as a JSON line.")] = False,
) -> None:
    """Write the posts of files to the topic `posts`. Unreadable lines are reported with their number."""
    from streams.connection import client_options
    from streams.ingest.command import run_ingest
    from streams.topics import POSTS

    settings = _settings()
    raise typer.Exit(
        run_ingest(
            sources,
            format=format,
            connection=client_options(settings),
            topic=settings.topic(POSTS),
            json_summary=json,
            author_key=settings.author_key.get_secret_value() if settings.author_key else None,
        )
    )


@app.command()
def worker(
    log_level: Annotated[str, typer.Option(help="debug, info, warning or error.")] = "warning",
) -> None:
    """Count posts until Ctrl-C. Start as many as there are partitions of `posts`, on any machines."""
    from streams.worker import run_worker

    run_worker(_settings(), log_level)


@app.command()
def counts(
    json: Annotated[bool, typer.Option("--json", help="Print one JSON line per record.")] = False,
    once: Annotated[bool, typer.Option(help="Print what is there now and stop.")] = False,
    tag: Annotated[list[str] | None, typer.Option(help="Only these tags; may be repeated.")] = None,
    language: Annotated[list[str] | None, typer.Option(help="Only these languages; may be repeated.")] = None,
    from_: Annotated[
        datetime | None,
        typer.Option("--from", formats=TIMES, help="Only windows that start at or after this time, UTC."),
    ] = None,
    to: Annotated[
        datetime | None, typer.Option(formats=TIMES, help="Only windows that start before this time, UTC.")
    ] = None,
    last: Annotated[int, typer.Option(min=1, help="Windows in the table.")] = 20,
) -> None:
    """Follow the counts: a table on a terminal, final and current windows; or JSON lines."""
    from streams.view import Filter, run_counts

    wanted = Filter(frozenset(tag or ()), frozenset(language or ()), _ms(from_), _ms(to))
    run_counts(_settings(), wanted, json=json, once=once, last=last)


@app.command()
def annotate(
    source: Annotated[
        str, typer.Argument(metavar="FILE|-", help="JSON lines with a `text`, or - for stdin.")
    ],
) -> None:
    """Print language, tags and terms of each line, in order, without a broker."""
    from streams.annotate import run_annotate

    raise typer.Exit(run_annotate(source, _settings()))


def _ms(time: datetime | None) -> int | None:
    return None if time is None else int(time.replace(tzinfo=UTC).timestamp() * 1000)


def _settings() -> Settings:
    from pydantic import ValidationError

    from streams.errors import UsageError

    try:
        return Settings()
    except ValidationError as error:
        wrong = "; ".join(
            f"SANDIK_{'_'.join(map(str, one['loc'])).upper()}: {one['msg']}" for one in error.errors()
        )
        raise UsageError(f"settings: {wrong}") from error
