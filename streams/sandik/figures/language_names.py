"""Names of languages, as written by people and archives: in English, and in the language itself. Pure."""

import re
from collections.abc import Iterable
from difflib import get_close_matches

from sandik.errors import UsageError

#: The English name first. Languages of the built-in lexicon, and the most frequent ones of sources.
NAMES: dict[str, tuple[str, ...]] = {
    "sq": ("Albanian", "Shqip"), "ar": ("Arabic", "العربية"), "az": ("Azerbaijani", "Azərbaycanca", "Azeri"),
    "be": ("Belarusian", "Беларуская"), "bg": ("Bulgarian", "Български"), "ca": ("Catalan", "Català"),
    "hr": ("Croatian", "Hrvatski"), "cs": ("Czech", "Čeština"), "da": ("Danish", "Dansk"),
    "nl": ("Dutch", "Nederlands"), "en": ("English",), "et": ("Estonian", "Eesti"),
    "fa": ("Persian", "فارسی", "Farsi", "Farsi (Persian)"), "fi": ("Finnish", "Suomi"),
    "fr": ("French", "Français"), "ka": ("Georgian", "ქართული"), "de": ("German", "Deutsch"),
    "el": ("Greek", "Ελληνικά"), "he": ("Hebrew", "עברית"), "hi": ("Hindi", "हिन्दी"),
    "hu": ("Hungarian", "Magyar"), "hy": ("Armenian", "Հայերեն"), "is": ("Icelandic", "Íslenska"),
    "id": ("Indonesian", "Bahasa Indonesia"), "it": ("Italian", "Italiano"), "ja": ("Japanese", "日本語"),
    "kk": ("Kazakh", "Қазақша"), "ko": ("Korean", "한국어"), "ku": ("Kurdish", "Kurdî", "Kurmanji"),
    "lv": ("Latvian", "Latviešu"), "lt": ("Lithuanian", "Lietuvių"), "mk": ("Macedonian", "Македонски"),
    "ms": ("Malay", "Bahasa Melayu"), "no": ("Norwegian", "Norsk"), "ps": ("Pashto", "پښتو", "Pushto"),
    "pl": ("Polish", "Polski"), "pt": ("Portuguese", "Português"), "ro": ("Romanian", "Română"),
    "ru": ("Russian", "Русский"), "sr": ("Serbian", "Српски"), "sk": ("Slovak", "Slovenčina"),
    "sl": ("Slovenian", "Slovenščina"), "so": ("Somali", "Soomaali"), "es": ("Spanish", "Español"),
    "sv": ("Swedish", "Svenska"), "tl": ("Tagalog", "Filipino", "Tagalog (Filipino)"),
    "tr": ("Turkish", "Türkçe"), "uk": ("Ukrainian", "Українська"), "ur": ("Urdu", "اردو"),
    "uz": ("Uzbek", "Oʻzbekcha"), "vi": ("Vietnamese", "Tiếng Việt"), "zh": ("Chinese", "中文"),
    "und": ("Undetermined",),
}  # fmt: skip
#: Names in Turkish and in Russian, from CLDR.
NAMES_IN: dict[str, dict[str, str]] = {
    "tr": {
        "sq": "Arnavutça", "ar": "Arapça", "az": "Azerbaycanca", "be": "Belarusça", "bg": "Bulgarca",
        "ca": "Katalanca", "hr": "Hırvatça", "cs": "Çekçe", "da": "Danca", "nl": "Felemenkçe",
        "en": "İngilizce", "et": "Estonca", "fa": "Farsça", "fi": "Fince", "fr": "Fransızca",
        "ka": "Gürcüce", "de": "Almanca", "el": "Yunanca", "he": "İbranice", "hi": "Hintçe",
        "hu": "Macarca", "hy": "Ermenice", "is": "İzlandaca", "id": "Endonezce", "it": "İtalyanca",
        "ja": "Japonca", "kk": "Kazakça", "ko": "Korece", "ku": "Kürtçe", "lv": "Letonca", "lt": "Litvanca",
        "mk": "Makedonca", "ms": "Malayca", "no": "Norveççe", "ps": "Peştuca", "pl": "Lehçe",
        "pt": "Portekizce", "ro": "Rumence", "ru": "Rusça", "sr": "Sırpça", "sk": "Slovakça",
        "sl": "Slovence", "so": "Somalice", "es": "İspanyolca", "sv": "İsveççe", "tl": "Tagalogca",
        "tr": "Türkçe", "uk": "Ukraynaca", "ur": "Urduca", "uz": "Özbekçe", "vi": "Vietnamca",
        "zh": "Çince", "und": "Belirlenemeyen",
    },
    "ru": {
        "sq": "Албанский", "ar": "Арабский", "az": "Азербайджанский", "be": "Белорусский",
        "bg": "Болгарский", "ca": "Каталанский", "hr": "Хорватский", "cs": "Чешский", "da": "Датский",
        "nl": "Нидерландский", "en": "Английский", "et": "Эстонский", "fa": "Персидский", "fi": "Финский",
        "fr": "Французский", "ka": "Грузинский", "de": "Немецкий", "el": "Греческий", "he": "Иврит",
        "hi": "Хинди", "hu": "Венгерский", "hy": "Армянский", "is": "Исландский", "id": "Индонезийский",
        "it": "Итальянский", "ja": "Японский", "kk": "Казахский", "ko": "Корейский", "ku": "Курдский",
        "lv": "Латышский", "lt": "Литовский", "mk": "Македонский", "ms": "Малайский", "no": "Норвежский",
        "ps": "Пушту", "pl": "Польский", "pt": "Португальский", "ro": "Румынский", "ru": "Русский",
        "sr": "Сербский", "sk": "Словацкий", "sl": "Словенский", "so": "Сомалийский", "es": "Испанский",
        "sv": "Шведский", "tl": "Тагальский", "tr": "Турецкий", "uk": "Украинский", "ur": "Урду",
        "uz": "Узбекский", "vi": "Вьетнамский", "zh": "Китайский", "und": "Не определён",
    },
}  # fmt: skip
_BY_NAME = {name.casefold(): code for code, names in NAMES.items() for name in names} | {
    name.casefold(): code for names in NAMES_IN.values() for code, name in names.items()
}
_CODE = re.compile(r"[a-z]{2,3}(\+[a-z]{2,3})*")


def code_of_name(name: str) -> str | None:
    """Return the code of a language by one of its names, in any case."""
    return _BY_NAME.get(name.strip().casefold())


def name_in(lang: str, code: str) -> str | None:
    """Return the name of a language in `tr` or `ru`, else in English."""
    if lang in NAMES_IN:
        return NAMES_IN[lang].get(code)
    return NAMES[code][0] if code in NAMES else None


def language_codes(written: Iterable[str]) -> frozenset[str]:
    """Return the codes of languages that are written as codes or names.

    Raises:
        UsageError: one is neither. Codes without posts are reported when the counts are read.
    """
    return frozenset(map(language_code, written))


def language_code(written: str) -> str:
    """Return the code of a language that is written as its code or name.

    Raises:
        UsageError: it is neither.
    """
    if code := code_of_name(written):
        return code
    if _CODE.fullmatch(written.strip().lower()):
        return written.strip().lower()
    hint = did_you_mean(written, [name for names in NAMES.values() for name in names])
    raise UsageError(f"there is no language {written!r}{hint} Or write its code, such as tr")


def did_you_mean(written: str, known: Iterable[str]) -> str:
    """Return the end of a sentence: a question with the nearest known name, if any is near."""
    by_letters = {one.casefold(): one for one in known}
    close = get_close_matches(written.casefold(), by_letters, 1)
    return f"; did you mean {by_letters[close[0]]}?" if close else "."


def check_known(what: str, asked: frozenset[str], found: set[str], known: Iterable[str] = ()) -> None:
    """Raise UsageError for a name without counts that is unknown, such as a misspelt tag."""
    for one in sorted(asked.difference(found, known)):
        there = ", ".join(sorted(found))
        raise UsageError(
            f"no count has {what} {one}{did_you_mean(one, found.union(known))} There are: {there}"
        )
