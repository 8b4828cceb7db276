"""Topics -> files that pandas, polars and DuckDB read: what `sandik export` runs. For users: docs/replay.md.

tables      columns with types, and writers of JSON lines, CSV and Parquet
cells       texts in CSV that a spreadsheet would run
dictionary  what each column means, from the schemas
days        a file a day
rows        records of a topic -> rows; without texts, with pseudonyms
command     the command itself
"""
