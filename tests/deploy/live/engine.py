"""A Docker engine: the one of this machine, else one of our own, and the images that compose needs in it."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.deploy.live import stand_ins
from tests.deploy.live.machine import HERE, lacks, run, say
from tests.deploy.tools import COMPOSE, ROOT, built

KAFKA = "apache/kafka:4.3.1"
START_S = 60.0


class Engine:
    """Runs docker and compose. `inside` is put before what has to be in the engine's own network."""

    def __init__(self, host: str | None, inside: tuple[str, ...] = ()) -> None:
        self.inside = inside
        self._files: list[Path] = []
        self._has_registry = False
        self._environment = {"DOCKER_HOST": host} if host else {}

    def docker(self, *words: str, check: bool = True) -> str:
        """Run `docker`; return what it prints."""
        return run("docker", *words, check=check, env=self._environment).stdout

    def compose(self, *words: str, stdin: Path | None = None, check: bool = True) -> str:
        """Run Docker Compose on the files of the source that is used; return what it prints."""
        files = [word for file in self._files for word in ("--file", str(file))]
        command = [*self._compose(), *files, *words]
        with (stdin or Path(os.devnull)).open("rb") as file:
            return run(*command, stdin=file, check=check, env=self._environment).stdout

    def _compose(self) -> list[str]:
        is_there = not run("docker", "compose", "version", check=False, env=self._environment).returncode
        return ["docker", "compose"] if is_there else [built(COMPOSE)]

    def get(self, url: str) -> str:
        """Return what an address answers."""
        return run(*self.inside, "curl", "-sf", "--max-time", "10", "--noproxy", "*", url).stdout

    def prepare(self) -> None:
        """Have the base images: of the registry where it can be reached, else stand-ins."""
        pull = ("docker", "pull", "-q")
        self._has_registry = not run(*pull, stand_ins.PYTHON, check=False, env=self._environment).returncode
        if self._has_registry:
            say("images: the registry's")
            run(*pull, KAFKA, env=self._environment)
            return
        say("images: stand-ins, since no registry can be reached")
        self._load(stand_ins.kafka(f"docker.io/{KAFKA}"))

    def use(self, root: Path = ROOT, *more: Path) -> None:
        """Build the image of this source, and take its compose file from here on, then `more`."""
        self._files = [root / "docker-compose.yml", *more]
        if self._has_registry:
            self.compose("build", "worker")
        else:
            self._load(stand_ins.ours(root))
            self.docker("tag", f"localhost/{stand_ins.OURS}", stand_ins.OURS)

    @contextmanager
    def up(self, *options: str) -> Iterator[None]:
        """Start what the files say, wait until all is healthy, and take it down with its data at the end."""
        try:
            self.compose("up", "--detach", "--wait", *options)
            yield
        finally:
            self.compose("down", "--volumes", "--remove-orphans", "--timeout", "5", check=False)

    def _load(self, name: str) -> None:
        environment = {**os.environ, "CONTAINERS_CONF": str(HERE / "containers.conf")}
        command = ["podman", "save", name]
        with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as saved:
            run("docker", "load", stdin=saved.stdout, env=self._environment)


@contextmanager
def engine(folder: Path) -> Iterator[Engine]:
    """Lend the engine of this machine, or start one in `folder`, in a network without a way out."""
    if not run("docker", "info", check=False).returncode:
        say("engine: this machine's")
        yield Engine(None)
        return
    if os.geteuid():
        lacks("a Docker engine", "start Docker, or be root to have one started")
    say("engine: one of its own")
    name, socket = f"sandik-{os.getpid()}", folder / "docker.sock"
    run("ip", "netns", "add", name)
    # `ip netns exec` would hide the cgroups from it.
    inside = ("nsenter", f"--net=/run/netns/{name}")
    run(*inside, "ip", "link", "set", "lo", "up")
    if not shutil.which("dockerd"):
        lacks("dockerd", "as root, `apt-get install docker.io`")
    places = [f"--{option}={folder / option}" for option in ("data-root", "exec-root", "pidfile")]
    with (folder / "dockerd.log").open("wb") as log:
        command = [*inside, "dockerd", f"--host=unix://{socket}", "--storage-driver=overlay2", *places]
        process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            own = Engine(f"unix://{socket}", inside)
            give_up_s = time.monotonic() + START_S
            while run("docker", "info", check=False, env={"DOCKER_HOST": f"unix://{socket}"}).returncode:
                if process.poll() is not None or time.monotonic() > give_up_s:
                    lacks("a Docker engine that starts", (folder / "dockerd.log").read_text()[-500:])
                time.sleep(0.5)
            yield own
        finally:
            process.terminate()
            process.wait()
            shutil.rmtree(folder / "data-root", ignore_errors=True)  # gigabytes that pytest would keep
            run("ip", "netns", "delete", name, check=False)
