"""`sandik cite`: the citation of a replay's counts, with all that is needed to count them again."""

import hashlib
import sys
from pathlib import Path
from typing import Literal

from sandik.errors import UsageError
from sandik.replay.manifest import Manifest, load, manifest_path

#: If there are more files, they are not listed by name.
_MOST_FILES = 3

Form = Literal["text", "bibtex", "ris"]


def run_cite(counts: Path, form: Form) -> int:
    """Print the citation of counts with a manifest beside them.

    Raises:
        UsageError: there is no manifest, or it cannot be used.
    """
    beside = manifest_path(counts)
    if not beside.exists():
        raise UsageError(f"there is no manifest beside {counts}: only files that a replay wrote can be cited")
    sys.stdout.write(cited(load(beside), beside, form))
    return 0


def cited(manifest: Manifest, path: Path, form: Form) -> str:
    """Return the citation: everything that the counts depend on, and the hash of the manifest."""
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    title = f"Counts {manifest.output.name}: {_posts(manifest)}"
    rules, rows = manifest.plan.rules, manifest.output.rows_sha256
    note = (
        f"{manifest.output.rows} rows, sha256 {rows}; lexicon {rules.lexicon_version}, detector "
        f"{rules.detector_version}; manifest sha256 {sha256}; count again: {manifest.again}"
    )
    version, year, day = manifest.software.get("sandik", "?"), manifest.made_at[:4], manifest.made_at[:10]
    if form == "bibtex":
        fields = {
            "title": f"{{{_latex(title)}}}",
            "author": "{The sandik authors}",
            "year": year,
            "version": f"sandik {version}",
            "note": _latex(note),
        }
        told = ",\n".join(f"  {name} = {{{value}}}" for name, value in fields.items())
        return f"@dataset{{sandik-{rows[:8]},\n{told}\n}}\n"
    if form == "ris":
        lines = ("TY  - DATA", f"TI  - {title}", "AU  - The sandik authors", f"PY  - {year}")
        return "\n".join(
            (*lines, f"DA  - {day.replace('-', '/')}", f"ET  - sandik {version}", f"N1  - {note}", "ER  - \n")
        )
    return f"{title}. Counted on {day} by sandik {version}. {note}.\n"


def _posts(manifest: Manifest) -> str:
    plan = manifest.plan
    if plan.topic is not None:
        offsets = ", ".join(f"{one.partition}: {one.start}-{one.end}" for one in plan.slices)
        return f"posts of the topic {plan.topic}, offsets {offsets}"
    if len(plan.inputs) > _MOST_FILES:
        return f"posts of {len(plan.inputs)} files, whose hashes are in the manifest"
    return "; ".join(f"{Path(one.name).name} (sha256 {one.sha256})" for one in plan.inputs)


def _latex(text: str) -> str:
    escaped = text.replace("\\", "/")
    for character in "{}_&%$#":
        escaped = escaped.replace(character, f"\\{character}")
    return escaped
