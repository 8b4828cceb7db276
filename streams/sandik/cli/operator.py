"""`sandik runs` and `sandik partitions`: decisions of operators that workers follow."""

from typing import Annotated

import typer

from sandik.cli.options import Json, load_settings

runs = typer.Typer(help="Show or replace the run that owns the topics of a prefix.", no_args_is_help=True)
partitions = typer.Typer(
    help="List or resume partitions that are paused because too many records were rejected.",
    no_args_is_help=True,
)


@runs.command("show")
def runs_show(json: Json = False) -> None:
    """Print which run owns the topics, and its rules."""
    from sandik.cli.runs import run_show

    run_show(load_settings(), json=json)


@runs.command("replace")
def runs_replace(json: Json = False) -> None:
    """Remove all counts, and give the topics to the run of these settings. Stop all workers first."""
    from sandik.cli.runs import run_replace

    run_replace(load_settings(), json=json)


@partitions.command("paused")
def partitions_paused(json: Json = False) -> None:
    """List the paused partitions: since when, at which offset, and why."""
    from sandik.cli.partitions import run_paused

    run_paused(load_settings(), json=json)


@partitions.command("resume")
def partitions_resume(
    numbers: Annotated[
        list[int] | None, typer.Argument(metavar="[PARTITION...]", help="Default: all paused ones.")
    ] = None,
    json: Json = False,
) -> None:
    """Continue paused partitions at their next valid record. Skipped records go to posts.dlq."""
    from sandik.cli.partitions import run_resume

    run_resume(load_settings(), numbers or [], json=json)
