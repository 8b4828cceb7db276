"""A way to Kafka that loses nothing but takes its time."""

import asyncio
from contextlib import suppress


class SlowProxy:
    """Passes bytes on, both ways and in order, each piece `delay_s` after it came.

    With `trickles`, every byte by itself: whoever reads finds no more than that, most of the time.
    """

    def __init__(self, port: int, to_port: int, delay_s: float, *, trickles: bool = False) -> None:
        self.port = port
        self.to_port = to_port
        self.delay_s = delay_s
        self.trickles = trickles
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> "SlowProxy":
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", self.port)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        to_reader, to_writer = await asyncio.open_connection("127.0.0.1", self.to_port)
        for source, target in ((reader, to_writer), (to_reader, writer)):
            task = asyncio.create_task(self._pass_on(source, target))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _pass_on(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        pieces: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
        loop = asyncio.get_running_loop()

        async def deliver() -> None:
            while True:
                due, piece = await pieces.get()
                await asyncio.sleep(max(0.0, due - loop.time()))
                for part in map(bytes, zip(piece, strict=True)) if self.trickles else (piece,):
                    target.write(part)
                    await target.drain()
                    await asyncio.sleep(0)  # the others trickle, too

        delivering = asyncio.create_task(deliver())
        with suppress(ConnectionError):
            while piece := await source.read(1 << 16):
                pieces.put_nowait((loop.time() + self.delay_s, piece))
        delivering.cancel()
        target.close()
