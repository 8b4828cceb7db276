"""`sandik annotate`: the annotations of workers for each line, without a broker."""

import sys
from codecs import BOM_UTF8
from collections.abc import Iterator
from io import BufferedReader
from typing import NamedTuple

import msgspec

from sandik.counting.job import Job
from sandik.counting.surrogates import UNDECODABLE, decode_mended
from sandik.errors import UsageError
from sandik.printing import WhileRead
from sandik.run_identity import lexicon_notice, load_job, lost_cells
from sandik.settings import Settings
from sandik_schemas.languages import languages_in
from sandik_schemas.mention import Term

#: Bytes read at a time: a few hundred lines, enough for the detector to work in batches.
CHUNK_BYTES = 65_536
#: The longest line. Kafka records are smaller, so workers never see a longer text.
MAX_LINE_BYTES = 1 << 20


class Numbered(NamedTuple):
    """A line and its number. `data` None: it is longer than MAX_LINE_BYTES."""

    number: int
    data: bytes | None


class Line(msgspec.Struct):
    """A line: the text, and of the other fields of a post only id, hint and time."""

    text: str
    id: str | int | None = None
    lang_hint: str | None = None
    created_at_ms: int | None = None


class Annotated(msgspec.Struct):
    """The output for a line. `start` and `end` of a term are characters of the text."""

    id: str | int | None
    language: str
    languages: tuple[str, ...]
    language_confidence: float
    tags: tuple[str, ...]
    terms: tuple[Term, ...]


class Unreadable(msgspec.Struct):
    """The output for a line that is not a JSON object with a text, so that lines still correspond."""

    line: int
    error: str


_decoder = msgspec.json.Decoder(Line)


def run_annotate(source: str, settings: Settings) -> int:
    """Annotate the lines of a file, or of standard input for `-`; return 1 if a line was unreadable.

    Raises:
        UsageError: the file cannot be read.
    """
    try:
        lines = open(0 if source == "-" else source, "rb")  # noqa: PTH123, SIM115
    except OSError as error:
        raise UsageError(f"{source}: {error.strerror}") from error
    with lines, WhileRead():
        job = load_job(settings)
        if notice := lexicon_notice(settings.lexicon, lost_cells(job.tagger)):
            sys.stderr.write(f"{notice}\n")
        return _annotate(lines, source, job)
    return 0


def _annotate(lines: BufferedReader, source: str, job: Job) -> int:
    unreadable = 0
    out = sys.stdout.buffer
    for batch in _batches(lines):
        decoded = [_decoded(line) for line in batch]
        readable = [line for line in decoded if isinstance(line, Line)]
        hints = [line.lang_hint for line in readable]
        times_ms = [line.created_at_ms for line in readable]
        annotations = iter(job.annotate([line.text for line in readable], hints, times_ms=times_ms))
        for line in decoded:
            if isinstance(line, Unreadable):
                unreadable += 1
                sys.stderr.write(f"{source}:{line.line}: {line.error}\n")
                out.write(msgspec.json.encode(line) + b"\n")
                continue
            found = next(annotations)
            language = found.language
            answer = Annotated(
                line.id,
                language.code,
                languages_in(language.code),
                language.confidence,
                found.tags,
                found.terms,
            )
            out.write(msgspec.json.encode(answer) + b"\n")
        out.flush()
    return 1 if unreadable else 0


def _decoded(line: Numbered) -> Line | Unreadable:
    number, data = line
    if data is None:
        return Unreadable(number, f"longer than {MAX_LINE_BYTES:,} bytes, the limit of a post")
    if number == 1:
        data = data.removeprefix(BOM_UTF8)
    try:
        return decode_mended(_decoder.decode, data)[0]
    except UNDECODABLE as error:
        return Unreadable(number, f"not a JSON object with a `text`: {error}")


def _batches(source: BufferedReader) -> Iterator[list[Numbered]]:
    """Yield the available lines, without blank ones, before waiting for more.

    Only the beginning of a line that is too long is kept.
    """
    number, pieces, length_bytes = 1, [b""], 0
    while chunk := source.read1(CHUNK_BYTES):
        first, *others = chunk.split(b"\n")
        length_bytes += len(first)
        if length_bytes <= MAX_LINE_BYTES:
            pieces.append(first)
        if others:
            *whole, last = others
            yield _numbered([b"".join(pieces), *whole], length_bytes, number)
            number, pieces, length_bytes = number + len(others), [last], len(last)
    yield _numbered([b"".join(pieces)], length_bytes, number)


def _numbered(lines: list[bytes], first_bytes: int, first: int) -> list[Numbered]:
    """Return the lines that are not blank. `first_bytes`: the length of the first, which may be truncated."""
    lengths_bytes = [first_bytes, *map(len, lines[1:])]
    return [
        Numbered(number, line if length_bytes <= MAX_LINE_BYTES else None)
        for number, (line, length_bytes) in enumerate(zip(lines, lengths_bytes, strict=True), start=first)
        if length_bytes > MAX_LINE_BYTES or line.strip()
    ]
