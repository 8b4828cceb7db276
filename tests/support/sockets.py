"""The TCP sockets of a process, as Linux lists them in /proc."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_ESTABLISHED = "01"
_LISTEN = "0A"


def listening_ports(pid: int) -> set[int]:
    """Return the ports on which the process would take a connection."""
    return {local for state, local, _ in _sockets(pid) if state == _LISTEN}


def connected_ports(pid: int) -> set[int]:
    """Return the ports to which the process is connected."""
    return {remote for state, _, remote in _sockets(pid) if state == _ESTABLISHED}


def _sockets(pid: int) -> Iterator[tuple[str, int, int]]:
    """Yield state, local and remote port of each."""
    process = Path("/proc") / str(pid)
    own = set()
    for descriptor in (process / "fd").iterdir():
        with suppress(FileNotFoundError):  # closed since it was listed
            own.add(str(descriptor.readlink()))
    for table in ("tcp", "tcp6"):
        for line in (process / "net" / table).read_text().splitlines()[1:]:
            _, local, remote, state, _, _, _, _, _, inode, *_ = line.split()
            if f"socket:[{inode}]" in own:
                yield state, _port(local), _port(remote)


def _port(address: str) -> int:
    return int(address.rpartition(":")[2], 16)
