"""The cells of a window in few bytes. As dicts of dicts they take about seven times as many."""

import msgspec

from sandik_schemas.partial import Cells, SourceCells, Terms, WindowPartial

_encode = msgspec.msgpack.encode


class WindowCells(msgspec.Struct, array_like=True, omit_defaults=True):
    """The cells of a window, added up. The fields are those of `WindowPartial`."""

    counts: Cells = {}
    late_counts: Cells = {}
    with_author: Cells = {}
    terms: Terms = {}
    sources: SourceCells = {}
    late_sources: SourceCells = {}

    @classmethod
    def of(cls, partial: WindowPartial) -> "WindowCells":
        """Return the cells of a partial, which it shares."""
        return cls(
            partial.counts,
            partial.late_counts,
            partial.with_author,
            partial.terms,
            partial.sources,
            partial.late_sources,
        )

    def of_source(self, source: str) -> "WindowCells":
        """Return the counts and late counts of one source."""
        return WindowCells(self.sources.get(source, {}), self.late_sources.get(source, {}))

    def add(self, other: "WindowCells") -> None:
        """Add the other's cells."""
        _add(self.counts, other.counts)
        _add(self.late_counts, other.late_counts)
        _add(self.with_author, other.with_author)
        for language, by_tag in other.terms.items():
            _add(self.terms.setdefault(language, {}), by_tag)
        for source, cells in other.sources.items():
            _add(self.sources.setdefault(source, {}), cells)
        for source, cells in other.late_sources.items():
            _add(self.late_sources.setdefault(source, {}), cells)

    def subtract(self, other: "WindowCells") -> None:
        """Subtract the other's counts and late counts, which were added before."""
        _subtract(self.counts, other.counts)
        _subtract(self.late_counts, other.late_counts)

    def packed(self) -> bytes:
        """Return them in few bytes."""
        return bytes(memoryview(_encode(self)))  # a copy: msgspec leaves a third of room behind what it wrote


#: Returns the cells that `packed` gave these bytes for.
unpacked = msgspec.msgpack.Decoder(WindowCells).decode


def _add(to: Cells, cells: Cells) -> None:
    for language, by_tag in cells.items():
        summed = to.setdefault(language, {})
        for tag, count in by_tag.items():
            summed[tag] = summed.get(tag, 0) + count


def _subtract(from_: Cells, cells: Cells) -> None:
    for language, by_tag in cells.items():
        left = from_.setdefault(language, {})
        for tag, count in by_tag.items():
            left[tag] = left.get(tag, 0) - count
            if not left[tag]:
                del left[tag]
        if not left:
            del from_[language]
