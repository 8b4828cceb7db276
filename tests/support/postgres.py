"""A real PostgreSQL, Debian's, of the test's own."""

import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp
from typing import NamedTuple

import pytest

from sandik.broker import probe

USER, PASSWORD = "sandik", "secret"


class Postgres(NamedTuple):
    """A running database `sandik`."""

    port: int

    def run(self, sql: str) -> list[tuple[str, ...]]:
        """Run statements; return the rows of the answer as text, or fail with what psql says."""
        address = f"postgresql://{USER}:{PASSWORD}@127.0.0.1:{self.port}/sandik"
        command = ["psql", "-qAtX", "-v", "ON_ERROR_STOP=1", "-F", "\t", address]
        done = subprocess.run(command, input=sql, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return [tuple(line.split("\t")) for line in done.stdout.splitlines()]


@contextmanager
def postgres() -> Iterator[Postgres]:
    """Lend one; skip the test where it is not installed."""
    # Debian keeps the server's programs out of the PATH.
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda one: int(one.parts[4]))
    if not found or not shutil.which("psql"):
        pytest.skip("not installed: as root, `apt-get install postgresql`")
    binaries = found[-1].parent
    user = "postgres" if os.geteuid() == 0 else None  # it does not run as root
    folder = Path(mkdtemp())  # not pytest's, whose parents only their owner may enter
    if user:
        os.chown(folder, pwd.getpwnam(user).pw_uid, -1)
    data, secret, port = folder / "data", folder / "secret", probe.free_port()
    secret.write_text(PASSWORD)
    secret.chmod(0o644)

    def run(program: str, *words: str) -> None:
        done = subprocess.run(
            [binaries / program, *words], cwd=folder, capture_output=True, text=True, check=False, user=user
        )
        assert done.returncode == 0, done.stdout + done.stderr

    run("initdb", "-D", str(data), "-U", USER, f"--pwfile={secret}", "--auth=scram-sha-256", "--no-sync")
    own = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off"
    run("pg_ctl", "-D", str(data), "-w", "-t", "120", "-l", str(data / "log"), "-o", own, "start")
    try:
        database = Postgres(port)
        address = f"postgresql://{USER}:{PASSWORD}@127.0.0.1:{port}/postgres"
        subprocess.run(["psql", "-qX", address, "-c", "CREATE DATABASE sandik"], check=True)  # noqa: S607
        yield database
    finally:
        run("pg_ctl", "-D", str(data), "-m", "immediate", "-w", "stop")
        shutil.rmtree(folder, ignore_errors=True)
