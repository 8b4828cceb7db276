"""Windows in few bytes: as Python's dicts of dicts, the cells of one take about seven times as much."""

from collections.abc import Iterator, MutableMapping

import msgspec

from sandik_schemas.partial import WindowPartial

pack = msgspec.msgpack.encode
_decoder = msgspec.msgpack.Decoder(WindowPartial)


class PackedWindows(MutableMapping[int, WindowPartial]):
    """One partition's windows by start. What is taken out is a copy: changing it changes nothing here."""

    def __init__(self) -> None:
        self._packed: dict[int, bytes] = {}

    def __getitem__(self, start_ms: int) -> WindowPartial:
        return _decoder.decode(self._packed[start_ms])

    def __setitem__(self, start_ms: int, window: WindowPartial) -> None:
        self._packed[start_ms] = pack(window)

    def __delitem__(self, start_ms: int) -> None:
        del self._packed[start_ms]

    def __contains__(self, start_ms: object) -> bool:
        return start_ms in self._packed

    def __iter__(self) -> Iterator[int]:
        return iter(self._packed)

    def __len__(self) -> int:
        return len(self._packed)
