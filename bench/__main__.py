"""`python -m bench`: each command measures something and says what; `all` is `make bench`."""

import asyncio
import logging
import signal
import subprocess
from collections.abc import Awaitable, Callable
from typing import Annotated

import typer

from bench.backlog import backlog
from bench.broker import Broker, running_kafka
from bench.engines import engines
from bench.latency import latency
from bench.million import million
from bench.progress import say
from bench.recovery import recovery
from bench.replay import replay
from bench.report import draw, print_report, write_document
from bench.results import Results
from bench.running import ContenderError
from bench.scale import partitions, scale
from bench.setup import kafka_streams, peers_python
from bench.steps import steps
from sandik.errors import SandikError

app = typer.Typer(add_completion=False, no_args_is_help=True, help=__doc__, pretty_exceptions_enable=False)

Rounds = Annotated[int, typer.Option(help="How often everything is measured.", min=1)]
Posts = Annotated[int, typer.Option(help="Posts of the bare job; slower contenders read a share.", min=1)]
Only = Annotated[list[str] | None, typer.Option(help="Contenders whose name has this word; repeatable.")]
Rate = Annotated[int | None, typer.Option(help="Posts a second. Default: half of what was measured.")]
POSTS = 2_000_000


def _run(*works: Callable[[Broker, Results], Awaitable[None]]) -> None:
    peers_python()
    kafka_streams()
    results = Results()
    with running_kafka() as kafka:
        broker = Broker(kafka)
        for work in works:
            asyncio.run(_awaited(work(broker, results)))
    _tell(results)


def _tell(results: Results) -> None:
    draw(results)
    write_document(results)
    print_report(results)


async def _awaited(work: Awaitable[None]) -> None:
    try:
        await work
    except (ContenderError, TimeoutError) as error:  # the others' measurements are worth having
        say(f"Not measured: {error}")


@app.command(name="engines")
def _engines(rounds: Rounds = 3, posts: Posts = POSTS, only: Only = None) -> None:
    """CPU time, memory and throughput of every contender."""
    _run(lambda broker, results: engines(broker, results, rounds, posts, only or []))


@app.command(name="steps")
def _steps(rounds: Rounds = 5) -> None:
    """CPU time of each step of the job, without Kafka."""
    results = Results()
    steps(results, rounds)
    _tell(results)


@app.command(name="latency")
def _latency(rate: Rate = None, seconds: int = 30, only: Only = None) -> None:
    """From a post's writing to the first count that has it."""
    _run(lambda broker, results: latency(broker, results, rate, seconds, only or []))


@app.command(name="recovery")
def _recovery(rounds: Rounds = 3, rate: int = 1_000) -> None:
    """From SIGKILL to counts that go on."""
    _run(lambda broker, results: recovery(broker, results, rounds, rate))


@app.command(name="scale")
def _scale(rounds: Rounds = 3, posts: Posts = POSTS) -> None:
    """Two workers against one."""
    _run(lambda broker, results: scale(broker, results, rounds, posts))


@app.command(name="partitions")
def _partitions(rounds: Rounds = 3, posts: Posts = POSTS // 2) -> None:
    """Fewer and more partitions."""
    _run(lambda broker, results: partitions(broker, results, rounds, posts))


@app.command(name="backlog")
def _backlog(posts: Posts = POSTS) -> None:
    """Memory while a worker catches up."""
    _run(lambda broker, results: backlog(broker, results, posts))


@app.command(name="million")
def _million(seconds: int = 30) -> None:
    """Simulate a million posts a second: one worker of 35, and the merge of all."""
    _run(lambda broker, results: million(broker, results, seconds))


@app.command(name="replay")
def _replay(rounds: Rounds = 3, posts: Posts = 300_000) -> None:
    """`sandik replay` against a worker."""
    _run(lambda broker, results: replay(broker, results, rounds, posts))


@app.command(name="all")
def _all(rounds: Rounds = 3, posts: Posts = POSTS) -> None:
    """Everything, one after the other."""
    steps(Results(), rounds)
    _run(
        lambda broker, results: engines(broker, results, rounds, posts, []),
        lambda broker, results: latency(broker, results, None, 30, []),
        lambda broker, results: recovery(broker, results, rounds, 1_000),
        lambda broker, results: scale(broker, results, rounds, posts),
        lambda broker, results: partitions(broker, results, rounds, posts // 2),
        lambda broker, results: backlog(broker, results, posts),
        lambda broker, results: replay(broker, results, rounds, posts // 4),
        lambda broker, results: million(broker, results, 30),
    )


@app.command(name="report")
def _report() -> None:
    """Print the tables, draw the plot and write docs/performance.md, of what was measured."""
    _tell(Results())


if __name__ == "__main__":
    # As Ctrl-C does: no contender is left behind.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    # It calls it an error, ten times a second, that a topic is too young to have a leader.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    try:
        app()
    except SandikError as error:
        raise SystemExit(f"bench: {error}") from None
    except subprocess.CalledProcessError as error:
        raise SystemExit(error.returncode) from None  # it has said why
    except KeyboardInterrupt:
        raise SystemExit(130) from None
