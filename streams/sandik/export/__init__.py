"""Topics -> files for pandas, polars and DuckDB (`sandik export`). For users: docs/replay.md.

rows     records of a topic -> rows, optionally without texts or with pseudonyms
days     one file per day
command  the command itself

`tables` has the columns, their meaning and the writers of JSON lines, CSV and Parquet.
"""
