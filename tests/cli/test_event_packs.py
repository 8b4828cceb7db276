"""Event packs: the first case in other words, what they must not catch, and the page about them."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sandik import lexicon
from sandik.counting.tags.layers import packs
from sandik.counting.tags.lexicon import load_lexicon, read_lexicon
from sandik.lexicon_tools.check import findings
from sandik.lexicon_tools.generate import generate
from tests.support.command import sandik
from tests.support.loaded import built_in, job

FOLDER = Path(lexicon.__file__).parent / "events"
DOCS = Path("docs/events.md").read_text("utf-8")


def ms(day: str) -> int:
    return int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp() * 1000)


def tags(text: str, day: str = "2023-05-11") -> tuple[str, ...]:
    [found] = job("builtin,events/turkey-2023").annotate([text], times_ms=[ms(day)])
    return found.tags


FIRST_CASE = {
    "tr": "Rus dostlarımıza: dün ülkemizde saçılan montaj ve deepfake kasetlerin ardında siz varsınız.",
    "tr, after the day": "15 Mayıs'tan sonra dost kalacaksak deepfake'lerinizle Türk devletinden uzak durun.",
    "ru": "Российские друзья, за вчерашними монтажами, заговорами и дипфейками стоите вы.",
    "ru, after the day": "Хотите дружить и после 15 мая, не трогайте турецкое государство. Дипфейки!",
    "en": "Dear Russian friends, the montages, plots and deepfake tapes of yesterday are yours.",
    "en, after the day": "If friendship is to go on after May 15, leave Turkey alone with your deepfakes.",
}
FIRST_CASE["both"] = f"{FIRST_CASE['tr']} {FIRST_CASE['ru']}"


@pytest.mark.parametrize("language", FIRST_CASE)
def test_the_first_case_is_both_in_any_language(language: str) -> None:
    assert tags(FIRST_CASE[language]) == ("deepfake", "election")


@pytest.mark.parametrize("language", FIRST_CASE)
def test_and_out_of_its_weeks_it_is_not(language: str) -> None:
    assert "election" not in tags(FIRST_CASE[language], "2022-05-11")


@pytest.mark.parametrize(
    "text",
    [
        "14 Mayıs Eczacılık Günü kutlu olsun",
        "14 Mayıs'ta tüm annelerimizin Anneler Günü kutlu olsun",
        "15 Mayıs 1919'da İzmir işgal edildi",
        "Bursa son başvuru tarihi 15 Mayıs, kaçırmayın",
        "Kılıçdaroğlu hastanede yaralıları ziyaret etti",
        "Erdoğan, Putin ile tahıl koridorunu görüştü",
        "Turgut Reis mahallesine destek lazım",
        "Fenerbahçe kupada ikinci tura yükseldi, kura çekildi",
        "Эрдоган обсудил с Путиным зерновую сделку",
        "14 мая концерт в Москве",
    ],
)
def test_other_talk_of_the_same_days_and_people_is_no_election(text: str) -> None:
    assert "election" not in tags(text)


@pytest.mark.parametrize(
    "text",
    [
        "14 Mayıs'ta görüşürüz",
        "Muharrem İnce çekildi, Kılıçdaroğlu ilk turda kazanır",
        "Kılıçdaroğlu anketlerde 3 puan önde",
        "#SanaSöz #14Mayıs2023",
        "Reis'e 5 yıl daha, mühür Erdoğan'a",
        "Эрдоган опережает Кылычдароглу на три процента",
        "Erdogan leads Kilicdaroglu after the first round",
    ],
)
def test_dates_slogans_and_names_beside_the_race_are(text: str) -> None:
    assert tags(text) == ("election",)


def test_there_is_a_pack_for_each_of_these() -> None:
    assert {"turkey-2023", "turkey-2024-local", "russia-2024", "us-2024"} <= set(packs())


@pytest.mark.long  # together, they are checked below
@pytest.mark.parametrize("pack", packs())
def test_a_pack_alone_has_no_errors(pack: str) -> None:
    assert [str(one) for one in findings(f"builtin,events/{pack}") if one.level == "error"] == []


@pytest.mark.parametrize("pack", packs())
def test_the_forms_of_a_pack_are_those_of_today(pack: str) -> None:
    assert generate(FOLDER / pack) == {
        path: path.read_text("utf-8") for path in (FOLDER / pack).glob("forms/*")
    }


@pytest.mark.parametrize("pack", packs())
def test_every_term_of_a_pack_has_a_source_and_days_and_none_takes_a_built_in_one_away(pack: str) -> None:
    draft = read_lexicon(f"builtin,events/{pack}")
    [_, own] = draft.layers
    rows = [row.row for some in own.rows.values() for row in some]
    assert all(row.source and row.valid for row in rows)
    assert not any(own.removals.values())
    assert {entry[:-1] for entry in built_in().entries} <= {written.entry[:-1] for written in draft.entries}


def test_packs_have_no_errors_together() -> None:
    together = "builtin," + ",".join(f"events/{pack}" for pack in packs())
    assert [str(one) for one in findings(together) if one.level == "error"] == []


def test_the_page_says_what_the_commands_say(tmp_path: Path) -> None:
    [[toml, name]] = re.findall(r"```toml\n(# (\S+)\n.*?)```", DOCS, re.DOTALL)
    path = tmp_path / name
    path.parent.mkdir()
    path.write_text(toml, "utf-8")
    shown = re.findall(
        r'^\$ sandik lexicon explain "(.*)" --at (\S+)\n((?:(?!\$|```).*\n)*)', DOCS, re.MULTILINE
    )
    shown = [one for one in shown if "germany-2025" in one[2]]
    assert len(shown) == 2
    for text, time, lines in shown:
        lexicon = {"SANDIK_LEXICON": "builtin,germany-2025"}
        done = sandik("lexicon", "explain", text, "--at", time, environment=lexicon, cwd=tmp_path)
        said = [re.split("  near|  unless", line)[0] for line in done.stdout.decode().splitlines()]
        own = [line.split() for line in said if "germany-2025" in line]
        assert own == [line.split() for line in lines.splitlines()]


def test_the_page_lists_the_packs_with_their_days() -> None:
    for pack in packs():
        days = {entry.valid for entry in load_lexicon(f"builtin,events/{pack}").entries if entry.valid}
        first, last = min(one[:10] for one in days), max(one[-10:] for one in days)
        assert f"| `events/{pack}` |" in DOCS
        assert f"{first} – {last}" in DOCS
