"""How right the tags are, as people have coded it: the file of `sandik agree --out`."""

from pathlib import Path

from sandik.figures.corrected import SCHEMA_VERSION, Accuracy
from sandik.tables.json_files import read_json


def load_accuracy(path: Path) -> Accuracy:
    """Return what a file says of the tags. UsageError if it is none that `sandik agree` has written."""
    return read_json(path, Accuracy, SCHEMA_VERSION, "`sandik agree --out`")
