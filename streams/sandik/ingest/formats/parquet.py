"""Parquet, in batches, only the needed columns. Requires pyarrow (`sandik[parquet]`)."""

import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from sandik.errors import SandikError, UsageError
from sandik.ingest.formats.picked_tables import columns_read, plan, recognised_by
from sandik.ingest.formats.rows import read_rows
from sandik.ingest.formats.table import TableOptions
from sandik.ingest.items import Item

MAGIC = b"PAR1"
BATCH_ROWS = 5_000


def read(source: io.FileIO, options: TableOptions, default_source: str) -> Iterator[Item]:
    """Yield one post or Rejected per row.

    Raises:
        UsageError: pyarrow is missing, a column is unknown, or the file comes through a pipe.
        SandikError: the file is broken.
    """
    try:
        from pyarrow import ArrowException, parquet
    except ImportError as error:
        raise UsageError("Parquet needs pyarrow: pip install 'sandik[parquet]'") from error
    if not source.seekable():
        raise UsageError("Parquet is read from its end: give the file by its name, not through a pipe")
    try:
        source.seek(0)
        with parquet.ParquetFile(source) as file:
            header = file.schema_arrow.names
            options = recognised_by(header, options)
            how = plan(header, options, default_source)
            columns = columns_read(header, how, options)
            if how.picker is None:
                how = replace(how, indices={name: columns.index(at) for name, at in how.indices.items()})
            else:
                how = plan([header[at] for at in columns], options, default_source)
            yield from read_rows(
                _rows(file.iter_batches(BATCH_ROWS, columns=[header[at] for at in columns])), how
            )
    except (ArrowException, OSError) as error:
        raise SandikError(f"the Parquet file cannot be read: {error}") from error


def _rows(batches: Iterable[Any]) -> Iterator[tuple[str, Sequence[object]]]:
    number = 0
    for batch in batches:
        columns = [batch.column(at).to_pylist() for at in range(batch.num_columns)]
        for row in zip(*columns, strict=True):
            number += 1
            yield f"row {number}", row
