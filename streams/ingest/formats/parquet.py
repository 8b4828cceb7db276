"""Parquet, batch by batch, only the columns that are needed. pyarrow comes with `sandik[parquet]`."""

import io
from collections.abc import Iterator
from dataclasses import replace

from streams.errors import SandikError, UsageError
from streams.ingest.items import Item, Rejected

from .pick import columns_read, plan
from .table import TableOptions, read_row

MAGIC = b"PAR1"
BATCH_ROWS = 5_000


def read(source: io.FileIO, options: TableOptions, default_source: str) -> Iterator[Item]:
    """Yield one post or Rejected per row.

    Raises:
        UsageError: pyarrow is missing, a column cannot be told, or the file comes through a pipe.
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
            how = plan(header, options, default_source)
            columns = columns_read(header, how, options)
            if how.picker is None:
                how = replace(how, indices={name: columns.index(at) for name, at in how.indices.items()})
            else:
                how = plan([header[at] for at in columns], options, default_source)
            number = 0
            for batch in file.iter_batches(BATCH_ROWS, columns=[header[at] for at in columns]):
                for row in zip(*(batch.column(at).to_pylist() for at in range(len(columns))), strict=True):
                    number += 1
                    item = read_row(row, number, how)
                    yield item._replace(where=f"row {number}") if isinstance(item, Rejected) else item
    except (ArrowException, OSError) as error:
        raise SandikError(f"no Parquet file that can be read: {error}") from error
