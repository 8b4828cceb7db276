"""Why a text has its tags: its language, each form of the lexicon in it, and whether that counts."""

import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import accumulate

import msgspec

from sandik.counting.job import Job
from sandik.counting.tags.boundaries import Refusal
from sandik.counting.tags.lexicon import Entry
from sandik.counting.tags.match import Hit, Verdict

#: Shorter forms inside words are too many to list.
_MIN_INSIDE = 4
#: How much of a word is quoted: it may be a megabyte long, with thousands of forms in it.
_WORD_CHARACTERS = 100

_WORD = re.compile(r"[\w\u0300-\u036f]+")


class Match(msgspec.Struct):
    """A form at `start`..`end`, and the file and line of its entry. `reason` says why it does not count.

    `conditions` say which of the entry's queries held, and how near the others came.
    """

    counts: bool
    start: int
    end: int
    text: str
    tag: str
    term: str
    entry: str
    reason: str | None
    conditions: str | None = None


class Explanation(msgspec.Struct):
    """Everything that decides the tags of a text."""

    language: str
    language_confidence: float
    tags: tuple[str, ...]
    matches: list[Match]
    lexicon_version: str
    detector_version: str


def explain(text: str, job: Job, time_ms: int | None = None) -> Explanation:
    """Return the language and tags that workers find in `text`, posted at that time, and why."""
    [annotation] = job.annotate([text], times_ms=[time_ms])
    verdicts = _worth_telling(job.tagger.verdicts(text, annotation.language.code, time_ms))
    words = [*_WORD.finditer(text)]
    matches = [
        Match(
            counts=verdict.refusal is None,
            start=verdict.hit.start,
            end=verdict.hit.end,
            text=text[verdict.hit.start : verdict.hit.end],
            tag=verdict.hit.entry.tag,
            term=verdict.hit.entry.lemma,
            entry=verdict.hit.entry.where,
            reason=verdict.refusal and _reason(text, words, verdict, annotation.language.code),
            conditions=verdict.why or None,
        )
        for verdict in verdicts
    ]
    language = annotation.language
    versions = job.tagger.version, job.detector.version
    return Explanation(language.code, language.confidence, annotation.tags, matches, *versions)


def _worth_telling(verdicts: Sequence[Verdict]) -> list[Verdict]:
    """Leave out what explains nothing: shorter forms of a listed entry, and chance hits inside words."""
    whole_hits = [one.hit for one in verdicts if one.refusal is not Refusal.INSIDE_WORD]
    whole = _Places(whole_hits)
    inside = _Places(one.hit for one in verdicts if one.refusal is Refusal.INSIDE_WORD)
    by_entry: defaultdict[Entry, list[Hit]] = defaultdict(list)
    for hit in whole_hits:
        by_entry[hit.entry].append(hit)
    same = {entry: _Places(hits) for entry, hits in by_entry.items()}
    told = []
    for verdict in verdicts:
        hit = verdict.hit
        if verdict.refusal is Refusal.INSIDE_WORD:
            is_chance = hit.end - hit.start < _MIN_INSIDE or whole.overlap(hit)
            if is_chance or inside.cover(hit):
                continue
        if verdict.refusal is None or hit.entry not in same or not same[hit.entry].cover(hit):
            told.append(verdict)
    return told


class _Places:
    """The places of some hits, which come in the order of their starts."""

    def __init__(self, hits: Iterable[Hit]) -> None:
        ordered = list(hits)
        self._starts = [hit.start for hit in ordered]
        #: For each hit, the last end of the hits up to it.
        self._reached = [*accumulate((hit.end for hit in ordered), max)]

    def overlap(self, hit: Hit) -> bool:
        """Return whether one of them shares a character with the hit."""
        return self._reach(bisect_left(self._starts, hit.end)) > hit.start

    def cover(self, hit: Hit) -> bool:
        """Return whether one of them covers the hit and is longer."""
        before, here = bisect_left(self._starts, hit.start), bisect_right(self._starts, hit.start)
        return self._reach(before) >= hit.end or self._reach(here) > hit.end

    def _reach(self, count: int) -> int:
        return self._reached[count - 1] if count else 0


def _reason(text: str, words: Sequence[re.Match[str]], verdict: Verdict, language: str) -> str:
    hit, refusal, by, why = verdict
    if refusal is Refusal.INSIDE_WORD:
        return f"{refusal}: {_word(text, words, hit)}"
    if refusal is Refusal.CONDITION:
        return why
    if refusal is Refusal.OTHER_LANGUAGE:
        return f"counts only in posts in {' or '.join(hit.entry.only_in)}; this one is {language}"
    if refusal is Refusal.OUT_OF_DAYS:
        return f"counts only in posts of {' to '.join(hit.entry.valid.split('/'))}"
    if refusal is Refusal.ALONE:
        return f"counts only beside a term of {' or '.join(hit.entry.beside)} that counts by itself"
    if hit.entry.is_trap and not by:
        return "is a trap: what it matches never counts"
    if by:
        return f"{refusal}: {text[by.start : by.end]} ({by.entry.lemma}, {by.entry.where})"
    return str(refusal)


def _word(text: str, words: Sequence[re.Match[str]], hit: Hit) -> str:
    place = bisect_right(words, hit.start, key=re.Match.start) - 1
    if place < 0 or words[place].end() <= hit.start:
        return text[hit.start : hit.end]
    start, end = words[place].span()
    return (
        text[start:end] if end - start <= _WORD_CHARACTERS else f"{text[start : start + _WORD_CHARACTERS]}…"
    )
