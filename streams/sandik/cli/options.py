"""Options and arguments that several commands share, and the settings. Imports nothing heavy."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from sandik.settings import Settings

From = Annotated[
    str | None,
    typer.Option(
        "--from",
        metavar="TIME",
        help="From this time on: 2023-05-11 (UTC), 2023-05-11T18:00Z, 2023-05-11T21:00+03:00, or -2h.",
    ),
]
To = Annotated[str | None, typer.Option("--to", metavar="TIME", help="End, exclusive.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Force = Annotated[bool, typer.Option("--force", help="Replace what exists.")]
Seed = Annotated[int, typer.Option(help="The same seed draws the same posts.")]
TableFile = Annotated[Path, typer.Argument(metavar="OUT", help="The table: .parquet, .jsonl or .csv.")]
Counts = Annotated[str, typer.Argument(metavar="COUNTS", help="A file of counts, `live`, or topic:NAME.")]
Posts = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[POSTS...]", help="Counts of a replay, or files of posts. Default: the topic `posts`."
    ),
]
Part = Annotated[
    str, typer.Argument(metavar="A", help="language=tr, source=telegram, period=FROM/TO, joined by commas.")
]
Corrected = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Add shares corrected by the sample in this file of `sandik agree`."),
]


def load_settings() -> "Settings":
    """Return the settings of this process. UsageError as of `sandik.cli.config.load_settings`."""
    from sandik.cli import config

    return config.load_settings()
