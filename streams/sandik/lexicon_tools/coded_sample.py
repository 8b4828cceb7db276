"""How often tags are right, by posts that people coded: reads the file of `sandik agree --out`."""

from pathlib import Path

from sandik.figures.corrected import SCHEMA_VERSION, Accuracy
from sandik.tables.json_files import read_json


def load_accuracy(path: Path) -> Accuracy:
    """Return the accuracy in a file. UsageError if `sandik agree` did not write it."""
    return read_json(path, Accuracy, SCHEMA_VERSION, "`sandik agree --out`")
