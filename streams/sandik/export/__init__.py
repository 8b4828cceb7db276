"""Topics -> files that pandas, polars and DuckDB read: what `sandik export` runs. For users: docs/replay.md.

rows     records of a topic -> rows; without texts, with pseudonyms
days     one file a day
command  the command itself

`tables` has the columns, their meaning and the writers of JSON lines, CSV and Parquet.
"""
