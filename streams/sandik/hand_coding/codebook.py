"""The lexicon -> instructions for coders: the question of each tag, and words of each language. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from sandik.counting.tags.entries import LocatedRow

#: The question for each tag. For a user's own tag, only its name is known.
_QUESTIONS = {
    "election": "Does the post speak of a political election: one that is held, was held or is to be held, "
    "its candidates as candidates, votes, polls, ballots, results? Not of elections in clubs, contests "
    "or software, and not of politics without an election.",
    "deepfake": "Does the post speak of doctored media: deepfakes, faked or AI-made pictures, voices, "
    "videos, montages meant to deceive? Also when it says that something is none. Not of film effects, "
    "filters, or AI as such.",
}
_WORDS_SHOWN = 40


def codebook(
    rows: dict[str, list[LocatedRow]], tags: tuple[str, ...], languages: Iterable[str], version: str
) -> str:
    """Return the codebook as Markdown. `rows` are the entries of the lexicon by tag."""
    return "\n".join(_lines(rows, tags, list(languages), version)) + "\n"


def _lines(
    rows: dict[str, list[LocatedRow]], tags: tuple[str, ...], languages: list[str], version: str
) -> Iterator[str]:
    yield "# Codebook"
    yield ""
    yield f"Of the lexicon `{version}`. Each post has a row; fill in the column of each tag:"
    yield ""
    yield "| write | when |"
    yield "|---|---|"
    yield "| `1` | yes |"
    yield "| `0` | no |"
    yield "| `?` | you cannot decide: you do not read its language, it is too short, or it is only a link |"
    yield ""
    yield "Read each post on its own, as if you saw it in a feed. Judge its topic,"
    yield "not which words stand in it: a post may speak of it in none of the words below, and have"
    yield "one of them and speak of something else. Code alone, in the order of the rows, and leave no row"
    yield "out. `note` is for what made you hesitate. Do not change `item`."
    for tag in tags:
        yield ""
        yield f"## {tag}"
        yield ""
        yield _QUESTIONS.get(tag, f"Is the post about what the lexicon calls `{tag}`?")
        yield from _words(rows.get(tag, []), languages)


def _words(rows: list[LocatedRow], languages: list[str]) -> Iterator[str]:
    terms: defaultdict[str, list[str]] = defaultdict(list)
    traps: defaultdict[str, list[str]] = defaultdict(list)
    for one in sorted(rows, key=_has_condition):  # unconditional words come first
        found = traps if one.is_trap else terms
        if one.row.language in languages and one.row.lemma not in found[one.row.language]:
            found[one.row.language].append(one.row.lemma)
    for language in sorted(terms.keys() | traps.keys()):
        yield ""
        yield f"- **{language}**, words that often say so: {_some(terms[language])}"
        if traps[language]:
            yield f"- **{language}**, and words that only look like it: {_some(traps[language])}"


def _has_condition(one: LocatedRow) -> bool:
    return bool(one.row.match or one.row.near)


def _some(words: list[str]) -> str:
    told = ", ".join(words[:_WORDS_SHOWN])
    return told + (f", and {len(words) - _WORDS_SHOWN:,} more" if len(words) > _WORDS_SHOWN else "")
