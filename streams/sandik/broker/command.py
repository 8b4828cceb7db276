"""`sandik broker`: the embedded Kafka in the foreground, until Ctrl-C."""

import signal
import sys
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from sandik.broker.embedded import EmbeddedKafka
from sandik.broker.settings import KAFKA_VERSION
from sandik.errors import BrokerError


def run_broker(port: int, controller_port: int, data_dir: Path) -> int:
    """Run a broker until SIGINT, SIGTERM or SIGHUP; return 0, or 1 when it cannot start or dies.

    When it is ready it says so in one line on stdout; everything else goes to stderr.
    """
    console = Console(stderr=True, soft_wrap=True, highlight=False)
    kafka = EmbeddedKafka(data_dir, port, controller_port)
    # All three stop it, as Ctrl-C does. SIGHUP comes when the terminal closes: no broker may be left behind.
    before = {name: signal.signal(name, signal.default_int_handler) for name in _STOPPING}
    try:
        console.print(f"Starting Kafka {KAFKA_VERSION}, log in {kafka.log_path}")
        kafka.start()
        ready = f"Kafka {KAFKA_VERSION} listening on {kafka.bootstrap_servers}, data in {data_dir}"
        sys.stdout.write(f"{ready}, Ctrl-C to stop\n")
        sys.stdout.flush()
        died_of = kafka.wait()
    except KeyboardInterrupt:
        console.print("Stopping")
        return 0
    except BrokerError as error:
        died_of = str(error)
    finally:
        kafka.stop()
        for name, handler in before.items():
            signal.signal(name, handler)
    console.print(f"[bold red]Error:[/] {escape(died_of)}")
    return 1


_STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
