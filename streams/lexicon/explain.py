"""Why a text has the tags it has: its language, every form of the lexicon in it, and what became of each."""

import re
from collections.abc import Sequence

import msgspec

from streams.flow import Job
from streams.steps.tags.boundaries import Refusal
from streams.steps.tags.match import Hit, Verdict

#: Forms shorter than this are inside so many words that it would explain nothing to list them.
_MIN_INSIDE = 4


class Match(msgspec.Struct):
    """A form at `start`..`end`, and where its entry is written. `reason` says why it does not count."""

    counts: bool
    start: int
    end: int
    text: str
    tag: str
    term: str
    entry: str
    reason: str | None


class Explanation(msgspec.Struct):
    """All that decides the tags of a text."""

    language: str
    language_confidence: float
    tags: tuple[str, ...]
    matches: list[Match]
    lexicon_version: str
    detector_version: str


def explain(text: str, job: Job) -> Explanation:
    """Return what the workers would say about `text`, and why."""
    [annotation] = job.annotate([text])
    verdicts = _worth_telling(job.tagger.verdicts(text, annotation.language.code))
    matches = [
        Match(
            verdict.refusal is None,
            verdict.hit.start,
            verdict.hit.end,
            text[verdict.hit.start : verdict.hit.end],
            verdict.hit.entry.tag,
            verdict.hit.entry.lemma,
            verdict.hit.entry.where,
            verdict.refusal and _reason(text, verdict, annotation.language.code),
        )
        for verdict in verdicts
    ]
    language = annotation.language
    versions = job.tagger.version, job.detector.version
    return Explanation(language.code, language.confidence, annotation.tags, matches, *versions)


def _worth_telling(verdicts: Sequence[Verdict]) -> list[Verdict]:
    """Leave out what explains nothing: shorter forms of an entry that is there, chance inside words."""
    whole = [one.hit for one in verdicts if one.refusal is not Refusal.INSIDE_WORD]
    inside = [one.hit for one in verdicts if one.refusal is Refusal.INSIDE_WORD]
    told = []
    for verdict in verdicts:
        hit = verdict.hit
        if verdict.refusal is Refusal.INSIDE_WORD:
            is_chance = hit.end - hit.start < _MIN_INSIDE or any(_overlap(hit, other) for other in whole)
            if is_chance or any(_inside(hit, other) for other in inside):
                continue
        same = [other for other in whole if other.entry == hit.entry]
        if verdict.refusal is None or not any(_inside(hit, other) for other in same):
            told.append(verdict)
    return told


def _inside(hit: Hit, other: Hit) -> bool:
    """Say whether `other` is longer and covers `hit`."""
    is_longer = other.end - other.start > hit.end - hit.start
    return is_longer and other.start <= hit.start and hit.end <= other.end


def _overlap(one: Hit, other: Hit) -> bool:
    return one.start < other.end and other.start < one.end


def _reason(text: str, verdict: Verdict, language: str) -> str:
    hit, refusal, by = verdict
    if refusal is Refusal.INSIDE_WORD:
        return f"{refusal}: {_word(text, hit)}"
    if refusal is Refusal.OTHER_LANGUAGE:
        return f"counts only in posts in {' or '.join(hit.entry.only_in)}; this one is {language}"
    if refusal is Refusal.ALONE:
        return f"counts only beside a term of {' or '.join(hit.entry.beside)} that counts by itself"
    if hit.entry.is_trap and not by:
        return "is a trap: what it matches never counts"
    if by:
        return f"{refusal}: {text[by.start : by.end]} ({by.entry.lemma}, {by.entry.where})"
    return str(refusal)


def _word(text: str, hit: Hit) -> str:
    return next(
        (
            word[0]
            for word in re.finditer(r"[\w\u0300-\u036f]+", text)
            if word.start() <= hit.start < word.end()
        ),
        text[hit.start : hit.end],
    )
