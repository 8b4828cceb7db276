"""docs/bench.json: what was measured, on which machine. Each command has a section of its own."""

import platform
from pathlib import Path
from typing import Any

import orjson
import psutil

from bench.setup import ROOT
from sandik import __version__ as sandik_version

JSON_FILE = ROOT / "docs" / "bench.json"
PLOT_FILE = ROOT / "docs" / "bench.png"


class Results:
    """The file, read and written whole."""

    def __init__(self, path: Path = JSON_FILE) -> None:
        self.path = path
        self.sections: dict[str, Any] = orjson.loads(path.read_bytes()) if path.is_file() else {}

    def begin(self, name: str, section: dict[str, Any]) -> None:
        """Replace a section."""
        self.sections["machine"] = _machine()
        self.sections[name] = section
        self.save()

    def add_run(self, number: int, job: str, contender: str, measured: dict[str, Any]) -> None:
        """Add what was measured in a round."""
        run = {"round": number, "job": job, "contender": contender, **measured}
        self.sections["engines"]["runs"].append(run)
        self.save()

    def save(self) -> None:
        """Write the file."""
        options = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
        self.path.write_bytes(orjson.dumps(self.sections, option=options))


def _machine() -> dict[str, Any]:
    return {
        "cores": psutil.cpu_count(),
        "cpu": _cpu_model(),
        "memory_gb": round(psutil.virtual_memory().total / 1e9),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "sandik": sandik_version,
    }


def _cpu_model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
