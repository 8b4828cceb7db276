"""A port of this machine: whether it is free, and whether a Kafka broker answers on it."""

import random
import socket
import struct

HOST = "127.0.0.1"
#: Below the ports that systems give to outgoing connections. A client that retries such a port while the
#: broker is down may get that port for its own end, and connect to itself.
_PORTS = range(20_000, 32_000)
_METADATA_API = 3
_METADATA_VERSION = 5
_TIMEOUT_S = 2.0


def is_free(port: int) -> bool:
    """Return whether a server could listen on the port now."""
    with socket.socket() as probe:
        # As the broker does: a port with connections of a stopped broker in TIME_WAIT is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


def free_port(besides: int = 0) -> int:
    """Return a port that is free now and is not `besides`."""
    candidates = random.sample(_PORTS, k=200)
    return next(port for port in candidates if port != besides and is_free(port))


def serves_kafka(port: int) -> bool:
    """Return whether a broker answers a metadata request with at least one registered broker.

    An open port is not enough: a broker listens, and even answers, before the controller lets it serve.
    """
    # Header: api, version, correlation id, no client id. Body: no topics, do not create any.
    request = struct.pack(">hhihi?", _METADATA_API, _METADATA_VERSION, 1, -1, 0, False)
    try:
        with socket.create_connection((HOST, port), timeout=_TIMEOUT_S) as connection:
            connection.sendall(struct.pack(">i", len(request)) + request)
            answer = connection.makefile("rb").read(16)
    except OSError:
        return False
    if len(answer) < 16:
        return False
    _size, _correlation, _throttle_ms, brokers = struct.unpack(">iiii", answer)
    return bool(brokers > 0)
