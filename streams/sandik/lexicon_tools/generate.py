"""Write the inflected forms of a lexicon: `python -m sandik.lexicon_tools.generate [--check] [FOLDER]`.

For each `<tag>.toml` or `<tag>.<language>.toml` in FOLDER (by default the built-in lexicon) and each language
with inflected entries, it writes `forms/<tag>.<language>.txt`: lemmas, each followed by its forms. The files
are committed and reviewed, so workers need no morphology. `--check` writes nothing, and fails if a file would
change.

What an entry may have:
    inflects   noun, verb, adjective; for Turkish also compound: a noun with its ending, oy pusulası
    head       Russian, Ukrainian: the word that inflects; "last" (default), "first" (кандидат наук) or "all"
    softens    Turkish noun: its last letter softens before a vowel (sandık, sandığı)
    aorist     Turkish verb: its aorist, if irregular (etmek: eder); the stem is the lemma without -mak
    spellings  other spellings of the lemma, inflected in the same way
    without    forms to leave out because another word has them, too; * stands for anything
"""

import argparse
import sys
from collections.abc import Iterator
from fnmatch import fnmatchcase
from importlib.resources.abc import Traversable
from itertools import groupby
from operator import itemgetter
from pathlib import Path

from sandik import lexicon
from sandik.counting.tags.lexicon import LexiconError, Row, expand, read_tag_file, tag_files
from sandik.counting.tags.word_sets import read_sets
from sandik.lexicon_tools import slavic, turkish

BUILT_IN = Path(lexicon.__file__).parent
HEADER = "# Made by `python -m sandik.lexicon_tools.generate` from {}. Do not edit: run it again.\n"


def forms_of(row: Row) -> list[str]:
    """Return the distinct forms of an entry that inflects, sorted. Raises LexiconError."""
    forms = {form for pattern in row.forms for form in expand(pattern)}
    for pattern in (row.lemma, *row.spellings):
        for phrase in expand(pattern):
            forms.update(_inflect(row, phrase))
    return sorted(form for form in forms if not any(fnmatchcase(form, pattern) for pattern in row.without))


def generate(folder: Path) -> dict[Path, str]:
    """Return path -> content of each forms file of the lexicon in `folder`."""
    files: dict[Path, str] = {}
    for tag, tag_tomls in tag_files(folder).items():
        rows: dict[str, list[tuple[Traversable, str, Row]]] = {}
        for file in tag_tomls:
            for one in read_sets(file)[0]:
                if one.row.inflects:
                    rows.setdefault(one.row.language, []).append((file, one.row.key, one.row.as_row()))
            content = read_tag_file(file)
            for row in (*content.term, *content.trap):
                if row.inflects:
                    rows.setdefault(row.language, []).append((file, row.lemma, row))
        for language, inflected in sorted(rows.items()):
            lines = [HEADER.format(", ".join(sorted({file.name for file, _, _ in inflected})))]
            for heading, same in groupby(sorted(inflected, key=itemgetter(1)), itemgetter(1)):
                forms: set[str] = set()
                for file, _, row in same:  # several tables may make up one word set
                    try:
                        forms.update(forms_of(row))
                    except LexiconError as error:
                        raise LexiconError(f"{file}: {language} '{heading}': {error}") from error
                lines += [f"{heading}\n", *(f"  {form}\n" for form in sorted(forms))]
            files[folder / "forms" / f"{tag}.{language}.txt"] = "".join(lines)
    return files


def main(arguments: list[str] | None = None) -> int:
    """Write or check the forms. Returns 0 if they are up to date."""
    parser = argparse.ArgumentParser(
        prog="python -m sandik.lexicon_tools.generate", description=__doc__.split("\n")[0]
    )
    parser.add_argument("--check", action="store_true", help="write nothing, fail if a file would change")
    parser.add_argument("folder", type=Path, nargs="?", help="default: the built-in lexicon, and event packs")
    options = parser.parse_args(arguments)
    if options.folder and not options.folder.is_dir():
        parser.error(f"{options.folder}: no such folder; name one with a <tag>.toml")
    folders = [options.folder] if options.folder else [BUILT_IN, *sorted((BUILT_IN / "events").glob("*/"))]
    return max([_write(folder, checks=options.check) for folder in folders])


def _write(folder: Path, *, checks: bool) -> int:
    try:
        files = generate(folder)
    except LexiconError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    current = {path: path.read_text("utf-8") for path in folder.glob("forms/*.txt")}
    stale = sorted(path for path in files.keys() | current.keys() if files.get(path) != current.get(path))
    for path in stale:
        sys.stderr.write(f"{path}: {'out of date' if checks else 'written'}\n")
        if not checks and path in files:
            path.parent.mkdir(exist_ok=True)
            path.write_text(files[path], "utf-8")
        elif not checks:
            path.unlink()
    if stale and checks:
        sys.stderr.write(f"run: python -m sandik.lexicon_tools.generate {folder}\n")
    return int(bool(stale and checks))


def _inflect(row: Row, phrase: str) -> Iterator[str]:
    if row.language in ("ru", "uk") and row.inflects in ("noun", "verb", "adjective"):
        return slavic.inflect(row.language, phrase, row.inflects, row.head)
    if row.language == "tr" and row.inflects == "noun":
        return turkish.noun(phrase, softens=row.softens)
    if row.language == "tr" and row.inflects == "compound":
        return turkish.compound(phrase)
    if row.language == "tr" and row.inflects == "verb":
        stem = phrase[:-3] if phrase.endswith(("mak", "mek")) else phrase
        aorist = stem[: stem.rfind(" ") + 1] + row.aorist if row.aorist else turkish.aorist(stem)
        return turkish.verb(stem, aorist)
    raise LexiconError(f"no rule for a {row.language} {row.inflects}; list its forms in `forms` instead")


if __name__ == "__main__":
    sys.exit(main())
