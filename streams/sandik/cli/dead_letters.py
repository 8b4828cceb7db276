"""`sandik dlq` and `sandik late`: the same three commands on two topics."""

from typing import TYPE_CHECKING, Annotated

import typer

from sandik.cli.options import From, To, load_settings

if TYPE_CHECKING:
    from sandik.dead_letters.reading import Wanted

Json = Annotated[bool, typer.Option("--json", help="Print one JSON line for each.")]
Limit = Annotated[int | None, typer.Option(min=0, help="At most this many.")]
Reasons = Annotated[list[str] | None, typer.Option(help="Only these reasons; may be repeated.")]


def commands(topic: str, what: str) -> typer.Typer:
    """Return `list`, `show` and `redrive` for the topic."""
    app = typer.Typer(help=f"{what}: list, show, redrive.", no_args_is_help=True)

    @app.command("list")
    def list_(
        reason: Reasons = None,
        from_: From = None,
        to: To = None,
        limit: Limit = None,
        last: Annotated[
            int | None, typer.Option(min=1, help="Only the newest, this many, without reading the others.")
        ] = None,
        json: Json = False,
    ) -> None:
        """Print them, and their number by reason. Times are when they were written."""
        from sandik.dead_letters.command import run_list

        settings = load_settings()
        wanted = _wanted(reason, from_, to)
        raise typer.Exit(run_list(settings, topic, wanted, limit=limit, last=last, json=json))

    @app.command()
    def show(
        place: Annotated[str, typer.Argument(metavar="PARTITION:OFFSET", help="As `list` shows it.")],
        json: Json = False,
    ) -> None:
        """Print one with all its headers and bytes."""
        from sandik.dead_letters.command import run_show

        raise typer.Exit(run_show(load_settings(), topic, place, json=json))

    @app.command()
    def redrive(
        reason: Reasons = None,
        from_: From = None,
        to: To = None,
        limit: Limit = None,
        dry_run: Annotated[bool, typer.Option("--dry-run", help="Only print what would be done.")] = False,
        rate: Annotated[
            float | None, typer.Option(min=0.01, help="At most this many posts per second.")
        ] = None,
        max_attempts: Annotated[
            int, typer.Option(min=1, help="Refuse records that were already redriven this often.")
        ] = 3,
        to_prefix: Annotated[
            str | None,
            typer.Option(metavar="PREFIX", help="Write to the `posts` of the installation with this prefix."),
        ] = None,
        json: Json = False,
    ) -> None:
        """Write them to `posts` again, each once, even if this command runs several times."""
        from sandik.dead_letters.command import run_redrive
        from sandik.dead_letters.redrive import Orders
        from sandik.kafka.topics import POSTS

        settings = load_settings()
        target = settings.topic(POSTS) if to_prefix is None else f"{to_prefix}{POSTS}"
        orders = Orders(target, max_attempts, rate, dry_run)
        wanted = _wanted(reason, from_, to)
        raise typer.Exit(run_redrive(settings, topic, wanted, orders, limit=limit, json=json))

    return app


def _wanted(reasons: list[str] | None, from_: str | None, to: str | None) -> "Wanted":
    from sandik.dead_letters.reading import Wanted
    from sandik.kafka.ranges import bounds_ms

    return Wanted(*bounds_ms(from_, to), reasons or ())
