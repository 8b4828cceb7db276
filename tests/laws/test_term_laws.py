"""Laws of terms: exact as all cells are; what is written is the top of them, and nothing else changes."""

import copy
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from sandik.counting.merge import Merge
from sandik.counting.state import PartitionState
from sandik.counting.terms import top_terms
from sandik.run_identity import load_job
from sandik.settings import Settings
from sandik_schemas.count import Count
from sandik_schemas.mention import Term
from sandik_schemas.term import TermCount
from tests.laws.cut_logs import BASE_MS, Record, in_any_order, queues_of, records_of_posts, sent_by_a_torn
from tests.laws.test_counting_laws import LABELS, PARTITIONS
from tests.replay.test_replay_laws import RULES, a_plan, replayed
from tests.support.examples import examples
from tests.support.stubs import MINUTE_MS, TIMING, Literal, a_job

WORDS = {
    "vote": "election",
    "ballot": "election",
    "seçim": "election",
    "fake": "deepfake",
    "x:y/z": "deepfake",
}
#: What names no word, and is counted by nobody.
SUM = "signs"
TOP = 2


class Words(Literal):
    """Finds these words, as often as they are said."""

    def terms(self, texts: Sequence[str], languages: Sequence[str], *_: object) -> list[tuple[Term, ...]]:  # noqa: ARG002
        return [
            tuple(Term(one, WORDS.get(one, "election"), 0, 1, is_sum=one == SUM) for one in text.split()[1:])
            for text in texts
        ]


JOB = replace(a_job(), tagger=Words(), terms=True)

Post = tuple[int, str, list[str]]
#: Half a minute over eleven minutes, so that some are late; a word may be said twice.
posts = st.tuples(
    st.integers(0, 20),
    st.sampled_from(["tr", "ru"]),
    st.lists(st.sampled_from([SUM, *sorted(WORDS)]), max_size=4),
)
logs = st.lists(posts, max_size=40)
partitioned = st.lists(logs, min_size=PARTITIONS, max_size=PARTITIONS)


def records_of(log: Sequence[Post]) -> list[Record]:
    return records_of_posts(
        {"created_at_ms": half * MINUTE_MS // 2, "text": " ".join([language, *words])}
        for half, language, words in log
    )


def truth(logs_: Sequence[Sequence[Post]]) -> dict[bytes, tuple[str, int]]:
    """Term and posts by key, by a plain loop over the posts that are not late."""
    found: dict[tuple[int, str, str], Counter[str]] = defaultdict(Counter)
    for log in logs_:
        newest = -1
        for half, language, words in log:
            minute = half // 2
            if newest >= 0 and (minute + 3) * MINUTE_MS <= newest * 30_000 - 30_000:
                continue
            newest = max(newest, half)
            for word in {*words} - {SUM}:
                found[minute, language, WORDS[word]][word] += 1
    return {
        f"{BASE_MS + minute * MINUTE_MS}|{MINUTE_MS}|{language}|{tag}|{rank}".encode(): (word, count)
        for (minute, language, tag), counts in found.items()
        for rank, (word, count) in enumerate(
            sorted(counts.items(), key=lambda one: (-one[1], one[0]))[:TOP], start=1
        )
    }


def told(last: dict[bytes, TermCount]) -> dict[bytes, tuple[str, int]]:
    return {key: (one.term, one.count) for key, one in last.items()}


class Written:
    """What a merge has written last, by key."""

    def __init__(self, partitions: int, top: int = TOP) -> None:
        self.merge = Merge(LABELS, TIMING, partitions, top_terms=top)
        self.counts: dict[bytes, Count] = {}
        self.terms: dict[bytes, TermCount] = {}

    def write(self) -> None:
        self.merge.advance()
        self.counts |= {one.key: one for one in self.merge.emit(0)}
        for one in self.merge.take_terms():
            known = self.terms.get(one.key)
            assert known is None or (one.revision > known.revision and one.count >= known.count)
            self.terms[one.key] = one
        self.merge.settle()


@examples(200)
@given(partitioned, st.data())
def test_top_terms_are_those_of_a_single_pass_whatever_the_batches_and_the_order(
    logs_: list[list[Post]], data: st.DataObject
) -> None:
    queues = queues_of(JOB, [*map(records_of, logs_)], data)
    written, without = Written(PARTITIONS), Written(PARTITIONS, top=0)
    for partial in in_any_order(queues, data):
        for one in (written, without):
            one.merge.apply(copy.deepcopy(partial))
        if data.draw(st.booleans()):
            written.write()
    written.write()
    without.write()

    assert truth(logs_) == told(written.terms)
    assert written.counts == without.counts
    assert all(one.tag in {"all", "both", "election", "deepfake"} for one in written.counts.values())
    for key, term in written.terms.items():
        count = written.counts[key.rpartition(b"|")[0]]
        assert (count.revision, count.is_final) == (term.revision, term.is_final)


@given(logs, st.data())
def test_a_crash_between_any_two_writes_changes_no_term(log: list[Post], data: st.DataObject) -> None:
    written = Written(1)
    for partial in sent_by_a_torn(JOB, records_of(log), data):
        written.merge.apply(partial)
        written.write()

    assert truth([log]) == told(written.terms)


@examples(40)
@given(st.lists(logs, min_size=1, max_size=3))
def test_a_replay_gives_the_same_terms(logs_: list[list[Post]]) -> None:
    rules = msgspec.structs.replace(RULES, terms="count", top_terms=TOP)
    partitions = [records_of(log) for log in logs_]
    found = replayed(a_plan(partitions, rules=rules), partitions, [1], JOB, "terms")

    assert truth(logs_) == {one.key: (one.term, one.count) for one in found}


def test_of_terms_with_as_many_posts_the_first_by_code_point_comes_first() -> None:
    by_tag = {"b": {"z": 2}, "a": {"x": 1, "é": 3, "e": 3}}

    assert [("a", 1, "e", 3), ("a", 2, "é", 3), ("b", 1, "z", 2)] == [*top_terms(by_tag, 2)]


def test_terms_of_a_repost_that_is_counted_apart_are_apart() -> None:
    records = records_of_posts([{"created_at_ms": 0, "text": "tr vote", "repost_of": "x:0"}])
    [window] = replace(JOB, reposts="apart").count(PartitionState.empty("run-1", 0), records).changes.windows

    assert {"all": 1, "repost": 1, "election_repost": 1} == window.counts["tr"]
    assert {"election_repost": {"vote": 1}} == window.terms["tr"]


def test_counting_terms_is_another_run() -> None:
    runs = [
        load_job(one).run_id
        for one in (Settings(), Settings(terms="count"), Settings(terms="count", authors="sketch"))
    ]

    assert len(set(runs)) == 3
    assert load_job(Settings(terms="count", top_terms=3)).run_id == runs[1]
