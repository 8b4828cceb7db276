"""The compiled part and its twin in Python give the same results. Without it, nothing is compared."""

import os
import zipfile
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import hatch_build
from sandik.counting.language import Detector, cleaning
from sandik.counting.language.by_name import load_cascade
from sandik.counting.language.eld import EldModel, load_eld
from sandik.counting.language.native_cascade import NativeCascade
from sandik.counting.native import NATIVE, is_stale
from sandik.counting.tags import Tagger, kept, load_tagger
from sandik.counting.tags.boundaries import Markup, Refusal, markup_rules, word_spans
from sandik.counting.tags.kept import keep, read
from sandik.counting.tags.lexicon import load_lexicon
from sandik.counting.tags.native_tagger import NativeReady, NativeTagger, ready_for
from sandik.counting.tags.ready import Ready, made_ready
from tests.docs.fresh import built_wheel
from tests.quality import posts as archives
from tests.support.lexicons import write_lexicon

compiled = pytest.mark.skipif(NATIVE is None, reason="nothing is compiled: make native")

#: Everything that a rule of cleaning, folding, words or hashtags speaks of, and parts of links.
PIECES = (
    *"аяёіїІIiabcçğıiİıSsŞҚ #＃@＠.:/_-'’…0189\u0301\u200d\ud83d\U0001f600ةییk\n\t\0\xa0ﬁ™½각ᄀ٣«»“”\"&;",
    *("http://", "https", "www.", "t.co/", "t.me/x", "pic.twitter.com/a", "&amp;", "com.tr/", ".be", "ааа"),
    *(
        "seçim",
        "Seçim",
        "deepfake",
        "выборы",
        "Выборы",
        "election",
        "oy ver",
        "video",
        "ai",
        "yapay zeka",
        "film",
    ),
    *(
        "#SeçimVar",
        "#secimsonuclari",
        "#ВыборывТурции",
        "seçimd…",
        "üretildi",
        "chp",
        "aday",
        "ödev",
        "memur",
    ),
)
texts = st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=14).map("".join)
batches = st.lists(texts, min_size=1, max_size=4)

#: Conditions of each kind, and what decides between terms: company, openings, traps, days and languages.
LEXICON = """
[[words]]
name = "made"
language = "tr"
forms = ["üret*", "yapıl*"]

[[term]]
language = "tr"
lemma = "film"
match = "(ai OR video) NEAR/3 {made} OR \\"yapay zeka\\""
unless = "NEAR/2 ödev* OR film NEAR/1 (chp OR memur)"

[[term]]
language = "tr"
lemma = "aday"
near = "chp OR NEAR/2 {made}"
unless = "NOT (video OR ai) AND memur"

[[term]]
language = "tr"
lemma = "ödev"
near = "NEAR/2 (ai OR {made} OR chp) AND NOT (NEAR/2 memur OR NEAR/1 film NEAR/3 video)"

[[term]]
language = "tr"
lemma = "video"
beside = ["fake"]
only_in = ["tr"]

[[trap]]
language = "tr"
lemma = "seçim var"

[[term]]
language = "tr"
lemma = "seçim"
valid = "2023-03-10/2023-05-28"
"""
#: Words of a post weigh, alone and beside each other.
MODEL = """
language = "tr"
lemma = "words of it"
least = 5
most_characters = 60
weights = '''
video 3
ai 2
secim -4
film 1
video ai 2
uretil 4
oy ver 5
'''
"""
RUSSIAN = MODEL.replace('"tr"', '"ru"').replace("film 1", "film 9").replace("oy ver 5", "oy ver -5")
TAGS = '[[opening]]\ntag = "fake"\ncharacters = 20\n'


def taggers(folder: Path, *layers: Path) -> tuple[Tagger, Tagger, Tagger]:
    """Return the one in Python, and those of what is kept in files: in Python, and compiled."""
    assert NATIVE
    made = made_ready(load_lexicon(",".join(map(str, layers)) or None))
    keep(folder / "kept", made)
    keep(folder / "compiled", ready_for(NATIVE, made))
    ready, compiled = read(folder / "kept", Ready), read(folder / "compiled", NativeReady)
    assert ready
    assert compiled
    in_python = Tagger(made)
    return in_python, Tagger(ready), NativeTagger(compiled, NATIVE, lambda: in_python)


@pytest.fixture(scope="module")
def built_in(tmp_path_factory: pytest.TempPathFactory) -> tuple[Tagger, Tagger, Tagger]:
    return taggers(tmp_path_factory.mktemp("built-in"))


@pytest.fixture(scope="module")
def conditions(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Tagger, Tagger, Tagger]]:
    folder = write_lexicon(tmp_path_factory.mktemp("native"), fake=LEXICON)
    folder.joinpath("tags.toml").write_text(TAGS)
    folder.joinpath("fake.tr.model.toml").write_text(MODEL)
    folder.joinpath("fake.ru.model.toml").write_text(RUSSIAN)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kept, "LEAST_BYTES", 0)
        yield taggers(folder, folder)


def assert_same_terms(both: tuple[Tagger, Tagger, Tagger], batch: Sequence[str]) -> None:
    times = ("tr", None), ("ru+tr", 1_683_849_600_000), ("en", 1_460_000_000_000), ("tr", 10**30)
    for language, time_ms in times:
        native, pure, ready = (
            one.terms(batch, [language] * len(batch), [time_ms] * len(batch)) for one in both
        )
        assert native == pure == ready
    assert [both[0].verdicts(text, "tr") for text in batch] == [
        both[1].verdicts(text, "tr") for text in batch
    ]


@compiled
@given(batch=batches)
def test_the_same_terms(built_in: tuple[Tagger, Tagger, Tagger], batch: list[str]) -> None:
    assert_same_terms(built_in, batch)


@compiled
@given(batch=batches)
@example(["a b c d oy ver", "a b c d film e"])  # of the Turkish model alone, and of the Russian
def test_the_same_conditions_hold(conditions: tuple[Tagger, Tagger, Tagger], batch: list[str]) -> None:
    assert_same_terms(conditions, batch)


#: Links, names and hashtags, whole, cut and with letters that ignoring their case makes of others.
MARKED = (
    *(
        "http://",
        "HTTPS://",
        "httpſ://",
        "www.",
        "a",
        "I",
        "İ",
        "ı",
        "K",
        "-",
        "_",
        ".",
        "..",
        "/",
        "?",
        "@",
        "#",
    ),
    *(
        "com",
        "com.tr",
        "GOV.tr",
        "tr",
        "co.uk",
        "uk",
        "me/",
        "лrф",
        "рф",
        "РФ",
        "ru/",
        " ",
        "\n",
        "\u2009",
        "é",
        "e\u0301",
    ),
    *("'", "’", "Seçim", "ВыборывТурции", "вТ", "ÇIK", "secim", "2023", "½", "ͅ", "σ", "Σ", "ǅ", "\ud83d"),
)
marked_texts = st.lists(st.sampled_from(MARKED) | st.text(max_size=2), max_size=12).map("".join)


@compiled
@given(text=marked_texts, glued=st.booleans(), data=st.data())
def test_the_same_words_and_markup(text: str, glued: bool, data: st.DataObject) -> None:
    assert NATIVE
    marked = NATIVE.Markup(markup_rules())
    assert marked.words(text) == word_spans(text)
    begins = sorted(data.draw(st.lists(st.integers(0, max(0, len(text) - 1)), max_size=4))) if text else []
    places = [
        (begin, data.draw(st.integers(begin, len(text) - 1)), data.draw(st.booleans())) for begin in begins
    ]
    markup = Markup(text)
    refused = [
        markup.refusal(begin, last, Refusal.INSIDE_WORD if outside else None, is_glued=glued) is not None
        for begin, last, outside in places
    ]
    assert marked.refused(text, [(*place, glued) for place in places]) == refused


@compiled
@given(batch=batches)
def test_the_same_clean_texts(batch: list[str]) -> None:
    assert cleaning.CLEANER
    assert cleaning.CLEANER.clean(batch) == cleaning.cleaned(batch)


@pytest.fixture(scope="module")
def detectors() -> tuple[Detector, Detector]:
    native = load_cascade(NATIVE)
    if not isinstance(native, NativeCascade):
        pytest.skip("ELD, its sources or CLD2 are missing")
    return native, load_cascade(None)


@pytest.fixture(scope="module")
def elds() -> tuple[Any, EldModel]:
    eld = load_eld()
    if eld is None or eld.sources is None:
        pytest.skip("ELD or its sources are missing")
    assert NATIVE
    return NATIVE.Eld(eld.sources), eld


def assert_same_scores(elds: tuple[Any, EldModel], text: str) -> None:
    native, eld = elds
    number, is_reliable = native.detect(text)
    found = eld.detect_quickly(text)
    assert (eld.names[-1 if number is None else number], is_reliable) == (found.language, found.reliable)
    scores, is_reliable = native.score(text, 20)
    assert ([(eld.names[number], score) for number, score in scores], is_reliable) == (
        [*eld.scores(text)[0].items()],
        eld.scores(text)[1],
    )


#: Letters of ELD's scripts, and what it takes for part of a word.
words = st.text(
    st.sampled_from("abcIİıßéÀÿаяіїАЯ'’`漢字かハᄀ가ᲐაԱსẞẠạＡａ\U00020000\U0001f600 -\u0130\u0301"),
    max_size=12,
)


@compiled
@given(text=st.lists(words | st.sampled_from(PIECES), max_size=200).map(" ".join))
def test_the_same_scores_of_eld(elds: tuple[Any, EldModel], text: str) -> None:
    assert_same_scores(
        elds, "".join(char for char in text if char != "\0" and not "\ud800" <= char <= "\udfff")
    )


#: What a post is made of that quotes, is in two languages, shouts or says nearly nothing.
SAID = (
    *(
        "Путин",
        "мы не вмешиваемся",
        "Кандидат сказал, что выборы будут честными и открытыми для всех",
        "да не",
    ),
    *(
        "aday bugün bir açıklama yaptı ve seçimin güvenli olduğunu söyledi",
        "evet",
        "helal olsun",
        "SEÇİM GÜVENLİĞİ",
    ),
    *(
        "the election is rigged they say and nobody knows",
        "ok",
        "kak dela u tebya segodnya",
        "да ладно тебе вiтаю",
    ),
    *(
        '"',
        "«",
        "»",
        "“",
        "”",
        "„",
        "https://t.co/abcDEF12345678",
        "@someone",
        "#SeçimVar",
        "#Выборы2023",
        "  ",
        "1",
    ),
)
posts = st.lists(st.sampled_from(SAID) | st.sampled_from(PIECES) | st.text(max_size=3), max_size=8).map(
    " ".join
)
hints = st.sampled_from([None, "tr", "ru", "en", "uk", "az", "xx", ""])


@compiled
@given(batch=st.lists(posts | texts, min_size=1, max_size=4), data=st.data())
def test_the_same_languages(
    detectors: tuple[Detector, Detector], batch: list[str], data: st.DataObject
) -> None:
    told = data.draw(st.none() | st.lists(hints, min_size=len(batch), max_size=len(batch)))
    native, pure = (one.detect(batch, told) for one in detectors)
    assert native == pure


@compiled
@pytest.mark.skipif(not (archives.DATA / archives.IRA).is_file(), reason=archives.WITHOUT_DATA)
def test_the_same_on_real_posts(
    built_in: tuple[Tagger, Tagger, Tagger], detectors: tuple[Detector, Detector], elds: tuple[Any, EldModel]
) -> None:
    some = [post.text for post in islice(archives.posts(archives.IRA), 0, None, 10)]
    native, pure, ready = (one.terms(some, ["en"] * len(some)) for one in built_in)

    assert native == pure == ready
    assert cleaning.CLEANER
    assert cleaning.CLEANER.clean(some) == cleaning.cleaned(some)
    assert detectors[0].detect(some) == detectors[1].detect(some)
    for text in cleaning.clean(some[::10]):
        assert_same_scores(elds, text)


def test_without_rust_the_build_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    assert hatch_build.build(tmp_path) == "there is no Rust (https://rustup.rs)"


@compiled  # where nothing is, all tests of terms are of this
def test_without_the_compiled_part_all_is_there() -> None:
    pure = Tagger(made_ready(load_lexicon(None)))

    assert pure.terms(["Seçim günü"], ["tr"]) == load_tagger().terms(["Seçim günü"], ["tr"])


def test_a_compiled_part_older_than_its_sources_is_left_aside(tmp_path: Path) -> None:
    module, sources = tmp_path / "_native.abi3.so", tmp_path / "src"
    assert not is_stale(tmp_path, sources)  # a wheel has no sources beside it
    sources.mkdir()
    for path, written_s in ((sources / "sieve.rs", 100), (module, 200)):
        path.touch()
        os.utime(path, (written_s, written_s))
    assert not is_stale(module, sources)
    os.utime(sources / "sieve.rs", (300, 300))
    assert is_stale(module, sources)


@compiled
def test_a_wheel_that_is_built_beside_rust_has_it(tmp_path: Path) -> None:
    wheel = built_wheel(Path(hatch_build.__file__).parent, tmp_path, native="yes")

    assert "-cp311-abi3-" in wheel.name
    with zipfile.ZipFile(wheel) as archive:
        assert hatch_build.MODULE.removeprefix("streams/") in archive.namelist()
