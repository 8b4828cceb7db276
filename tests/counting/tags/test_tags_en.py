"""English, German, Arabic, Kurdish and Azerbaijani: the words of those lexicons in sentences of our own."""

import pytest

from sandik.counting.tags import load_tagger, tags_of


def matched(text: str, language: str) -> list[str]:
    return [text[term.start : term.end] for term in load_tagger().terms([text], [language])[0]]


FOUND = {
    "en": [
        (
            "The presidential candidate lost the popular vote.",
            ["presidential candidate", "lost the popular vote"],
        ),
        ("She is running for mayor, up in the polls", ["running for mayor", "in the polls"]),
        ("Turnout was low: voters stayed at home", ["Turnout was low: voters"]),
        ("Who won the debate? #DebateNight #Debates2016", ["won the debate", "#Debate", "#Debates2016"]),
        ("A swing state, the primaries, GOTV", ["swing state", "the primaries", "GOTV"]),
        ("Another referendum before the re-election?", ["referendum", "re-election"]),
        ("#electionday #votersuppression #VoteBlue", ["electionday", "votersuppression", "VoteBlue"]),
        ("Absentee ballots and exit polls", ["Absentee ballots", "exit polls"]),
        ("deepfakes, deep fake, Deep-Fakery", ["deepfakes", "deep fake", "Deep-Fakery"]),
        ("an AI-generated image, a cheapfake, #deepfake", ["AI-generated image", "cheapfake", "deepfake"]),
        ("a video made with AI; he cloned her voice", ["video made with AI", "cloned her voice"]),
        ("synthetic media before the vote", ["synthetic media", "vote"]),
        ("Before the election a doctored video went round", ["election", "doctored video"]),
        ("The robocall was a deepfake", ["robocall was a deepfake"]),
    ],
    "de": [
        ("Die Wähler*innen standen vor dem Wahllokal", ["Wähler", "Wahllokal"]),
        ("Stichwahl! Der Kandidat und die Wahl", ["Stichwahl", "Kandidat", "Wahl"]),
        ("Heute Wahlen, die Wahlbeteiligung steigt", ["Wahlen", "Wahlbeteiligung"]),
        ("Geht wählen! #Bundestagswahl", ["Geht wählen", "Bundestagswahl"]),
        ("Stimmzettel in die Wahlurne", ["Stimmzettel", "Wahlurne"]),
        ("Ein Deepfakevideo mit geklonter Stimme", ["Deepfakevideo", "geklonter Stimme"]),
        ("Das KI-generierte Video war ein Deepfake", ["KI-generierte Video", "Deepfake"]),
        ("gefälschte Videos vor der Bundestagswahl", ["gefälschte Videos", "Bundestagswahl"]),
    ],
    "ar": [
        ("الانتخابات الرئاسية غدا", ["الانتخابات"]),
        ("ذهب الناخبون الى صناديق الاقتراع", ["الناخبون", "الى صناديق الاقتراع"]),
        ("المرشح والتصويت في الانتخابات", ["المرشح", "والتصويت", "الانتخابات"]),
        ("للإنتخابات وللانتخابات", ["للإنتخابات", "وللانتخابات"]),
        ("انتـخـابات مبكرة #انتخابات_2023", ["انتـخـابات", "انتخابات"]),
        ("فيديو مفبرك بتقنية التزييف العميق", ["فيديو مفبرك", "التزييف العميق"]),
    ],
    "ku": [
        ("Roja hilbijartinan nêzîk e, dengê xwe bidin", ["hilbijartinan", "dengê xwe bidin"]),
        ("Hilbijêr li ber sindoqa dengdanê bûn", ["Hilbijêr", "sindoqa dengdanê"]),
        ("Namzed ji bo hilbijartinê", ["Namzed", "hilbijartinê"]),
        ("Berî hilbijartinê vîdyoya sexte belav bû", ["hilbijartinê", "vîdyoya sexte"]),
    ],
    "az": [
        ("Prezident seçkilərində səs verdik", ["Prezident seçkilərində", "səs verdik"]),
        ("Seçicilər seçki məntəqəsinə getdilər", ["Seçicilər", "seçki məntəqəsinə"]),
        ("MSK bülletenləri saydı, səsvermə bitdi", ["MSK", "bülletenləri", "səsvermə"]),
        ("Seçki qabağı saxta videolar, dipfeyklər", ["Seçki", "saxta videolar", "dipfeyklər"]),
    ],
}


@pytest.mark.parametrize(
    ("language", "text", "found"),
    [(language, text, found) for language, cases in FOUND.items() for text, found in cases],
)
def test_the_words_of_each_language_are_found_in_a_sentence(
    language: str, text: str, found: list[str]
) -> None:
    assert matched(text, language) == found


TRAPS = {
    "an elected official": ("en", "our elected officials"),
    "to elect to do": ("en", "she elected to use the stairs"),
    "the president-elect is a title": ("en", "President-elect Smith met the president elect of Chile"),
    "an assembly's own vote": ("en", "Senators voted, the city council votes, she voted to ratify the bill"),
    "a voting record, a missed vote": ("en", "his voting record and his missed votes"),
    "a prize": ("en", "vote for your favourite song, the MVP voting"),
    "a fan club": ("en", "#IVoteBTSBBMAs"),
    "words a hashtag ends or begins with": (
        "en",
        "#naturalselection #electronicmusic #upvoted #electricity #pivoting",
    ),
    "a campaign, a debate, a poll": ("en", "an ad campaign, a debate on tea, a poll of my followers"),
    "a candidate for a job": ("en", "the best candidate for this job; a low turnout at the concert"),
    "MAGA and a name are no election": ("en", "#MAGA Trump Clinton Biden"),
    "a face swap, a fake photo": ("en", "a face swap of my cat, a fake photo, AI-generated poems"),
    "a robocall": ("en", "another robocall"),
    "the agony of choice": ("de", "die Qual der Wahl, eine gute Wahl"),
    "to choose or to dial": ("de", "Wählen Sie eine Farbe, Notruf wählen"),
    "Wahl is a name": ("en", "Mr Wahl and Mrs Wahlen"),
    "in coordination with": ("de", "in Abstimmung mit der Stadt"),
    "Auswahl": ("de", "große Auswahl, sorgfältig ausgewählt"),
    "the national coach": ("ar", "الناخب الوطني يعلن القائمة"),
    "the national team": ("ar", "المنتخب الوطني فاز"),
    "a voice": ("ar", "صوت جميل"),
    "a vote for a singer": ("ar", "التصويت للمطربة"),
    "deng is a sound": ("ku", "dengê avê xweş e"),
    "denge is balance in Turkish": ("tr", "denge dengeler"),
    "seçki is an anthology in Turkish": ("tr", "öykü seçkisi, bir seçki, seçici"),
    "seçici is choosy": ("az", "seçici olmaq"),
    "a degree": ("az", "fəlsəfə elmləri namizədi"),
    "MSK is the time of Moscow": ("en", "at 9:00 MSK"),
    "a point is conceded, too": ("en", "He conceded that Trump is rude"),
    "who tells recounts": ("en", "She recounts an ordeal of 1998 that Trump denies"),
    "what turns out is no turnout": ("en", "It may turn out to be Trump's best year"),
    "behind somebody is not trailing": ("en", "They stand behind Donald Trump"),
    "Canadians decide much": ("en", "Canadians decided their president needed a hug"),
    "drag race ends like a race of attorneys general": ("en", "#rupauldragrace tonight"),
    "a fake tan": ("en", "Deep fake tan, two coats"),
    "tutam is a handful in Turkish": ("tr", "bir tutam tuz ekleyin"),
    "who sets out with aid is no candidate": ("tr", "yardımla ilçemize dönmek üzere yola çıktık"),
}


@pytest.mark.parametrize("trap", TRAPS)
def test_traps_of_these_languages_carry_no_tag(trap: str) -> None:
    language, text = TRAPS[trap]
    assert matched(text, language) == []


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("A doctored video of the candidate, days before the election", ("deepfake", "election")),
        ("A faked photo of the polling station", ("deepfake", "election")),
        ("A faked photo, a deepfake", ("deepfake",)),
        ("A doctored video of a cat", ()),
    ],
)
def test_a_doctored_film_or_photo_counts_unless_it_shows_no_person(text: str, tags: tuple[str, ...]) -> None:
    assert tags_of(load_tagger().terms([text], ["en"])[0]) == tags


@pytest.mark.parametrize(
    "text",
    [
        "Senators urge Trump to quit the race",
        "Poll: Kaine is closing the gap",
        "A dead heat between Romney and Obama, says a poll",
        "Both candidates are unfit for this country",
        "What the FBI found hurts Romney's candidacy",
        "They were rigging the primary",
        "Cannabis and higher pay win at polls",
        "France has democratically elected Macron",
    ],
)
def test_who_runs_and_what_polls_say_is_of_an_election(text: str) -> None:
    assert tags_of(load_tagger().terms([text], ["en"])[0]) == ("election",)
