"""A report in English, Turkish and Russian: the same figures, all of them in the words of one language."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import msgspec
import pytest

from sandik.errors import UsageError
from sandik.figures.corrected import Estimate
from sandik.figures.language_names import NAMES, NAMES_IN, code_of_name
from sandik.replay.read_results import Cell
from sandik.report import pdf
from sandik.report.by_source import SourceFigures, source_figures
from sandik.report.document import Corrected, Report
from sandik.report.page import page
from sandik.report.words import ENGLISH, Lang, words_of
from sandik_schemas.pair import DEFAULT_PAIR, Pair
from tests.dashboard.builders import BASE_MS, MINUTE_MS
from tests.report.builders import an_hour, report_from
from tests.support.command import succeed

LANGS: tuple[Lang, ...] = ("en", "tr", "ru")
ALONE = {"SANDIK_BROKER": "127.0.0.1:1"}
_NAMED = re.compile(r"{(\w+)}")


def a_report() -> Report:
    """A report with a burst, a language without tags, a corrected share, sources and a notice."""
    posts = {(minute, "tr", tag): 5 for minute in range(40) for tag in ("all", "election")}
    posts |= {
        (30, "tr", "all"): 12_000,
        (30, "tr", "election"): 900,
        (30, "tr", "both"): 7,
        (3, "hu", "all"): 2,
    }
    found = report_from(posts)
    corrected = Corrected(Estimate(0.0712, 0.01, 0.2), None)
    return msgspec.structs.replace(
        found,
        corrected={one.language: corrected for one in found.figures.languages},
        sources=[SourceFigures("telegram/news", {"all": 1_234, "election": 5}, None)],
        notices=[words_of("en").say("notice_current", n="5")],
    )


@pytest.mark.parametrize("lang", LANGS)
def test_the_words_have_the_same_keys_and_the_same_names_in_them(lang: Lang) -> None:
    words = words_of(lang)

    assert words.lang == lang
    for table in ("units", "tags", "columns", "texts"):
        assert getattr(words, table).keys() == getattr(ENGLISH, table).keys()
    for key, text in words.texts.items():
        assert set(_NAMED.findall(text)) == set(_NAMED.findall(ENGLISH.texts[key])), key
        assert (
            lang == "en" or text != ENGLISH.texts[key] or not re.search(r"[a-z]{3}", _NAMED.sub("", text))
        ), key
    assert lang == "en" or NAMES_IN[lang].keys() == NAMES.keys()


@pytest.mark.parametrize("lang", ["tr", "ru"])
def test_a_page_has_the_words_of_its_language_and_no_others(lang: Lang) -> None:
    told = page(msgspec.structs.replace(a_report(), notices=[]), words_of(lang)).decode()

    assert f'<html lang="{lang}">' in told
    for text in ENGLISH.texts.values():
        for part in _NAMED.split(text)[::2]:
            assert len(part.strip()) < 8 or part.strip() not in told, part
    assert {"tr": "Türkçe (tr)", "ru": "Турецкий (tr)"}[lang] in told
    assert {"tr": "12.", "ru": "12\N{NO-BREAK SPACE}"}[lang] in told


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("pair", [None, DEFAULT_PAIR, Pair("strike", ("strike", "violence"), "violent")])
def test_every_lexicon_has_its_words(lang: Lang, pair: Pair | None) -> None:
    words = words_of(lang)

    for told in (words.heading(pair), words.title(pair), words.counted_how(pair)):
        assert told
        assert "{" not in told


def test_numbers_and_shares_are_written_as_people_write_them() -> None:
    space = "\N{NO-BREAK SPACE}"
    told = [[words_of(lang).share(share) for lang in LANGS] for share in (0.0731, 0.31, 1e-9)]

    assert told == [
        [f"7.3{space}%", "%7,3", f"7,3{space}%"],
        [f"31{space}%", "%31", f"31{space}%"],
        [f"under 0.0001{space}%", "%0,0001 altında", f"менее 0,0001{space}%"],
    ]
    assert [words_of(lang).number(1_234_567) for lang in LANGS] == [
        "1,234,567", "1.234.567", f"1{space}234{space}567",
    ]  # fmt: skip
    assert [words_of(lang).number(7.5) for lang in LANGS] == ["7.5", "7,5", "7,5"]
    assert [words_of(lang).span(BASE_MS, BASE_MS + MINUTE_MS) for lang in LANGS][1:] == [
        "11.05.2023 10:00 – 10:01", "11.05.2023 10:00 – 10:01",
    ]  # fmt: skip


def test_languages_are_found_by_their_names_in_all_three() -> None:
    assert [code_of_name(name) for name in ("Rusça", "русский", "турецкий", "English")] == [
        "ru",
        "ru",
        "tr",
        "en",
    ]


def test_sources_are_summed_over_the_period_and_other_comes_last() -> None:
    def cell(minute: int, language: str, tag: str, source: str) -> Cell:
        start_ms = BASE_MS + minute * MINUTE_MS
        return Cell(start_ms, start_ms + MINUTE_MS, language, tag, source)

    cells = {
        cell(0, "tr", "all", "x"): 3,
        cell(1, "ru", "all", "x"): 4,
        cell(1, "ru", "election", "x"): 2,
        cell(1, "ru", "both", "x"): 1,
        cell(0, "tr", "all", "other"): 90,
        cell(0, "tr", "all", "telegram"): 8,
        cell(60, "tr", "all", "x"): 1_000,
        cell(-1, "tr", "all", "gone"): 1_000,
    }
    found = source_figures(cells, an_hour(), DEFAULT_PAIR)

    assert [(one.source, one.posts["all"]) for one in found] == [("telegram", 8), ("x", 7), ("other", 90)]
    assert found[1].share is not None
    assert found[1].share.value == 0.5
    assert found[0].share is None


def test_a_report_has_the_sources_that_a_replay_has_counted(tmp_path: Path) -> None:
    out = tmp_path / "demo.csv"
    arguments = ("--order", "as-is", "--window", "5m", "--sources", "example", "--out", str(out))
    succeed("replay", "deploy/demo/posts.jsonl", *arguments, environment=ALONE)
    page_ = tmp_path / "demo.html"
    done = succeed(
        "report", str(out), str(page_), "--lang", "ru", "--no-examples", "--json", environment=ALONE
    )
    found: dict[str, Any] = json.loads(done.stdout)

    assert [one["source"] for one in found["sources"]] == ["example", "other"]
    every = found["figures"]["languages"][0]["posts"]
    for tag in ("all", "election", "both"):
        assert sum(one["posts"].get(tag, 0) for one in found["sources"]) == every[tag]
    assert '<th scope="row">example</th>' in page_.read_text("utf-8")


def test_a_pdf_is_printed_where_chromium_is_and_whole_or_not_at_all(tmp_path: Path) -> None:
    if not shutil.which("chromium"):
        pytest.skip("Chromium is not installed: make chromium")
    out = tmp_path / "report.pdf"
    pdf.write_pdf(page(a_report()), out, pdf.chromium(), replaces=False)

    assert out.read_bytes().startswith(b"%PDF-")
    assert out.read_bytes().rstrip().endswith(b"%%EOF")
    broken = tmp_path / "broken"
    broken.write_text("#!/bin/sh\necho no display >&2\nexit 7\n")
    broken.chmod(0o755)
    with pytest.raises(Exception, match=r"exit code 7.*no display"):
        pdf.write_pdf(b"", tmp_path / "none.pdf", str(broken), replaces=False)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["broken", "report.pdf"]


def test_without_chromium_the_error_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)

    with pytest.raises(UsageError, match="apt-get install chromium"):
        pdf.chromium()
