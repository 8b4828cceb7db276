"""Small lexicons of a test's own, so that what it proves does not hang on the words of the built-in one."""

from pathlib import Path

from sandik.counting.tags import Tagger, load_tagger

#: A few words of each kind: long and short, a phrase, in company only, in one language only, traps.
SMALL = Path(__file__).parent / "lexicon"
ELECTION, DEEPFAKE = ((SMALL / f"{tag}.toml").read_text("utf-8") for tag in ("election", "deepfake"))


def write_lexicon(folder: Path, **tags: str) -> Path:
    """Write `<tag>.toml` for each tag, and return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for tag, content in tags.items():
        (folder / f"{tag}.toml").write_text(content, "utf-8")
    return folder


def small_tagger(folder: Path) -> Tagger:
    """Return a tagger for the words above."""
    return load_tagger(write_lexicon(folder, election=ELECTION, deepfake=DEEPFAKE))


def matched(tagger: Tagger, text: str, language: str) -> list[str]:
    """Return what counts, as the text spells it."""
    return [text[term.start : term.end] for term in tagger.terms([text], [language])[0]]
