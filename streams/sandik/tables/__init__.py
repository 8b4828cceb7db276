"""Tables: JSON lines, CSV and Parquet, what their columns mean, and files that are whole or absent.

writers       columns with types, and a writer for each format; the same rows give the same bytes
csv_texts     texts in CSV that a spreadsheet would run as a formula
dictionary    what each column means, made from the schemas
"""
