"""Entries with queries: what they count, and that it is what reading word by word would say."""

import itertools
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandik.counting.tags import LexiconError, Tagger, load_tagger
from sandik_schemas.mention import Term
from tests.support.examples import examples
from tests.support.lexicons import matched, write_lexicon

SETS = """
[[words]]
name = "medium"
language = "tr"
lemmas = ["video", "ses kaydı"]
forms = ["klip*"]

[[words]]
name = "party"
language = "tr"
forms = ["chp", "akp"]
"""


def entry(lemma: str, kind: str = "term", **fields: str) -> str:
    lines = (f"{name} = '{value}'\n" for name, value in fields.items())
    return f'\n[[{kind}]]\nlanguage = "tr"\nlemma = "{lemma}"\n{"".join(lines)}'


def tagger(folder: Path, *entries: str) -> Tagger:
    used = entry("kullanılan", near="{party} OR {medium}")
    return load_tagger(write_lexicon(folder, fake=SETS + used + "".join(entries)))


FAKE = entry("sahte video", match='"yapay zeka*" NEAR/3 {medium} NEAR/3 üret*')


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Bu video yapay zekayla üretildi", "video yapay zekayla üretildi"),
        ("üretilen bir video, yapay zeka", "üretilen bir video, yapay zeka"),
        ("yapay zeka klipleri üretmişler", "yapay zeka klipleri üretmişler"),
        ("yapay zekanın ses kaydı'nı ürettiği", "yapay zekanın ses kaydı'nı ürettiği"),
        ("#YapayZeka videosu yok, video üret", "YapayZeka videosu yok, video üret"),
        ("yapay zeka ile bir iki üç dört video üretildi", None),
        ("yapay zeka ile video", None),
        ("video üretildi", None),
        ("yapay zeka https://x.com/video üretildi", None),
        ("yapay zeka @video üretildi", None),
    ],
)
def test_a_match_finds_its_members_in_any_order(tmp_path: Path, text: str, found: str | None) -> None:
    assert matched(tagger(tmp_path, FAKE), text, "tr") == ([found] if found else [])


BEATS = entry("kim kimi geçti", match="{party} NEAR/3 geç* NEAR/3 {party}")
SHARES = entry("kime yüzde kaç", match="{party} NEAR/2 yüzde NEAR/2 {party} NEAR/2 yüzde")


@pytest.mark.parametrize(
    ("rule", "text", "is_found"),
    [
        (BEATS, "CHP AKP'yi geçti", True),
        (BEATS, "geçti AKP, geride CHP", True),
        (BEATS, "AKP geçti", False),
        (BEATS, "geçti AKP geçti", False),
        (BEATS, "CHP geçti, o da CHP", True),
        (SHARES, "CHP yüzde 34, AKP yüzde 30", True),
        (SHARES, "CHP yüzde 34, AKP", False),
        (SHARES, "yüzde 34 CHP yüzde 30", False),
    ],
)
def test_no_word_is_two_members_of_a_match(tmp_path: Path, rule: str, text: str, *, is_found: bool) -> None:
    assert bool(matched(tagger(tmp_path, rule), text, "tr")) is is_found


@pytest.mark.parametrize(
    ("near", "text", "counts"),
    [
        ("{party}", "CHP adayı", True),
        ("{party}", "aday değil", False),
        ("{party}", "CHP bir iki üç dört beş altı yedi sekiz aday", True),
        ("{party}", "CHP bir iki üç dört beş altı yedi sekiz dokuz aday", False),
        ("NEAR/2 {party}", "aday o CHP", True),
        ("NEAR/2 {party}", "aday o da CHP", False),
        ("aday", "aday", False),
        ("aday", "aday aday", True),
        ('"ilk aday"', "ilk aday", True),
        ("{party} AND NOT memur*", "CHP memurları aday", False),
        ("{party} AND NOT NEAR/1 memur*", "CHP memurları da aday", True),
        ("{party}", "aday #CHP", True),
        ("{party}", "aday t.co/CHP", False),
        ("SHORT/8 AND {party}", "aday CHP", True),
        ("SHORT/8 AND {party}", "aday, CHP", False),
        ("NEAR/1 {party}", "aday https://t.co/x @biri CHP", True),
    ],
)
def test_near_asks_for_company(tmp_path: Path, near: str, text: str, counts: bool) -> None:
    words = entry("aday", near=near) + entry("adayı", near=near)
    found = matched(tagger(tmp_path, words), text, "tr")

    assert bool(found) == counts


@pytest.mark.parametrize(
    ("unless", "text", "counts"),
    [
        ("yarışma*", "oy ver", True),
        ("yarışma*", "yarışmada uzun uzun konuşmadan da olsa bana bir tek oy", False),
        ("NEAR/3 yarışma*", "yarışmada bana bir tek oy", True),
        ("NEAR/3 yarışma*", "yarışmada bir oy", False),
        ('"oy pusulası"', "oy pusulası", False),
        ("oy", "bir oy", True),
        ("oy", "oy ve oy", False),
        ("yarışma* AND NOT seçim", "yarışma gibi seçim: oy", True),
    ],
)
def test_unless_is_a_veto(tmp_path: Path, unless: str, text: str, counts: bool) -> None:
    found = matched(tagger(tmp_path, entry("oy", unless=unless)), text, "tr")

    assert bool(found) == counts


def test_conditions_hold_at_the_hit_and_not_for_the_post(tmp_path: Path) -> None:
    own = tagger(tmp_path, entry("oy", unless="NEAR/1 halk"))

    assert [(term.start, term.end) for term in own.terms(["halk oy verdi, jüri de oy"], ["tr"])[0]] == [
        (23, 25)
    ]


def test_a_match_has_conditions_too_and_words_between_its_members_are_near(tmp_path: Path) -> None:
    own = tagger(tmp_path, entry("x", match="yapay NEAR/5 zeka", unless="NEAR/1 ödev"))

    assert matched(own, "yapay ödev zeka", "tr") == []
    assert matched(own, "yapay bir zeka", "tr") == ["yapay bir zeka"]


def test_an_entry_may_have_forms_and_a_match(tmp_path: Path) -> None:
    own = tagger(tmp_path, entry("x", match="yapay NEAR/2 ses") + 'forms = ["klon"]\n')

    assert matched(own, "klon; yapay bir ses", "tr") == ["klon", "yapay bir ses"]


def test_a_trap_that_matches_takes_what_begins_inside_it(tmp_path: Path) -> None:
    trap = entry("ödev", "trap", match="ödev NEAR/4 video")
    own = tagger(tmp_path, trap, entry("montaj"))

    assert matched(own, "ödev: montaj video", "tr") == []
    assert matched(own, "montaj", "tr") == ["montaj"]


def test_a_term_that_depends_on_what_is_near_makes_others_certain(tmp_path: Path) -> None:
    own = tagger(tmp_path, entry("aday", near="{party}"), entry("liste") + 'beside = ["fake"]\n')

    assert matched(own, "aday liste", "tr") == []
    assert matched(own, "CHP aday liste", "tr") == ["aday", "liste"]


def test_sets_are_shared_by_the_files_of_a_language(tmp_path: Path) -> None:
    other = entry("aday", near="{party}")
    write_lexicon(tmp_path, fake=SETS + entry("x", near="{medium} OR {party}"), rain=other)
    own = load_tagger(tmp_path)

    assert matched(own, "CHP aday", "tr") == ["aday"]


BROKEN = {
    "{parti}": r"fake.toml:\d+: tr 'x': `near`: there is no .* of tr named parti; did you mean {par",
    "{en:party}": r"there is no \[\[words\]\] of en named party; there are none",
    "(a": r"fake.toml:\d+: tr 'x': `near`: a \( without its \)",
}


@pytest.mark.parametrize("near", BROKEN)
def test_a_query_that_cannot_be_used_is_named_with_its_line(tmp_path: Path, near: str) -> None:
    with pytest.raises(LexiconError, match=BROKEN[near]):
        tagger(tmp_path, entry("x", near=near))


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ('name = "a b"\nlanguage = "tr"\nforms = ["x"]', r"fake.toml:1: a set needs a `language`, and a"),
        ('name = "a"\nlanguage = "tr"', r"fake.toml:1: {a} has no word"),
        ('name = "a"\nlanguage = "tr"\nforms = ["x*y"]', r"fake.toml:1: {a}: 'x\*y' is no word"),
        ('name = "a"\nlanguage = "tr"\nform = ["x"]', r"fake.toml:1: .*unknown field `form`"),
        ('name = "a"\nlanguage = "tr"\ninflects = "noun"\nlemmas = ["x"]', r"no forms of it yet; run python"),
    ],
)  # fmt: skip
def test_a_broken_set_says_where_and_what_to_do(tmp_path: Path, table: str, says: str) -> None:
    with pytest.raises(LexiconError, match=says):
        load_tagger(write_lexicon(tmp_path, fake=f"[[words]]\n{table}\n{entry('x')}"))


def test_the_version_follows_queries_and_the_sets_they_name(tmp_path: Path) -> None:
    versions = [
        load_tagger(write_lexicon(tmp_path / name, fake=content)).version
        for name, content in {
            "one": SETS + entry("x", near="{party} OR {medium}"),
            "same": SETS + entry("x", near="({party}  OR {medium})"),
            "another query": SETS + entry("x", near="{party} OR NEAR/8 {medium}"),
            "another set": SETS.replace("akp", "mhp") + entry("x", near="{party} OR {medium}"),
            "no query": entry("x"),
        }.items()
    ]

    assert versions[0] == versions[1]
    assert len(set(versions)) == 4


VOCABULARY = ["a", "b", "c", "x", "y"]
LAW = """
[[term]]
language = "tr"
lemma = "chain"
match = "a NEAR/2 b"

[[term]]
language = "tr"
lemma = "x"
near = "NEAR/3 c"
unless = "NEAR/1 y"
"""


@pytest.fixture(scope="module")
def law(tmp_path_factory: pytest.TempPathFactory) -> Tagger:
    return load_tagger(write_lexicon(tmp_path_factory.mktemp("law"), law=LAW, other=entry("zzz")))


def reference(words: Sequence[str]) -> set[str]:
    """Return what counts, by looking at every two words."""
    at = {word: [place for place, one in enumerate(words) if one == word] for word in VOCABULARY}

    def within(word: str, place: int, most: int) -> bool:
        return any(abs(place - other) <= most for other in at[word])

    found = {"chain"} if any(abs(a - b) <= 2 for a, b in itertools.product(at["a"], at["b"])) else set()
    return found | {"x" for x in at["x"] if within("c", x, 3) and not within("y", x, 1)}


@examples(300)
@given(st.lists(st.sampled_from([*VOCABULARY, "q", "r"]), max_size=14))
def test_what_counts_is_what_looking_at_every_two_words_finds(law: Tagger, words: list[str]) -> None:
    text = " ".join(words)
    [terms] = law.terms([text], ["tr"])

    # Of overlapping hits of a tag the first takes the letters, so one of the two may be covered.
    expected = reference(words)
    told = {term.term for term in terms}
    assert told <= expected
    assert bool(told) == bool(expected)


@examples(100)
@given(st.lists(st.lists(st.sampled_from(VOCABULARY), max_size=8).map(" ".join), max_size=6))
def test_a_post_says_the_same_whatever_else_is_in_the_batch(law: Tagger, texts: list[str]) -> None:
    together = law.terms(texts, ["tr"] * len(texts))

    assert together == [law.terms([text], ["tr"])[0] for text in texts]


@examples(25)  # each of a hundred thousand characters
@given(st.lists(st.sampled_from(VOCABULARY), max_size=48).map(" ".join), st.integers(49_800, 50_010))
def test_where_a_long_text_is_cut_into_pieces_changes_nothing(law: Tagger, text: str, before: int) -> None:
    padding = "q " * before
    [terms] = law.terms([text], ["tr"])
    moved = [Term(one.term, one.tag, one.start + 2 * before, one.end + 2 * before) for one in terms]

    assert law.terms([f"{padding}{text}{' q' * 300}"], ["tr"]) == [tuple(moved)]


@examples(100)
@given(st.lists(st.sampled_from(VOCABULARY), max_size=10).map(" ".join))
def test_verdicts_of_conditions_agree_with_what_counts(law: Tagger, text: str) -> None:
    counting = {(one.hit.start, one.hit.end) for one in law.verdicts(text, "tr") if one.refusal is None}

    assert counting == {(term.start, term.end) for term in law.terms([text], ["tr"])[0]}


#: Of one set, some members are forms, some make a condition be asked, and some are asked for besides.
MIXED = """
[[words]]
name = "made"
language = "tr"
forms = ["b", "c", "d"]

[[term]]
language = "tr"
lemma = "chain"
match = "a NEAR/1 {made} NEAR/2 e"

[[term]]
language = "tr"
lemma = "other"
match = "b NEAR/1 x"

[[term]]
language = "tr"
lemma = "d"
unless = "NEAR/1 {made}"
"""


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Tagger:
    return load_tagger(write_lexicon(tmp_path_factory.mktemp("mixed"), mixed=MIXED, other=entry("zzz")))


@examples(300)
@given(st.lists(st.sampled_from("abcdexq"), max_size=12).map(" ".join))
def test_words_count_in_text_order_whatever_each_is_looked_for_as(mixed: Tagger, text: str) -> None:
    counting = {(one.hit.start, one.hit.end) for one in mixed.verdicts(text, "tr") if one.refusal is None}

    assert counting == {(term.start, term.end) for term in mixed.terms([text], ["tr"])[0]}
