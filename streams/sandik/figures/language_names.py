"""Languages by name, as people and archives write them: in English, and in the language itself. Pure."""

import re
from collections.abc import Iterable
from difflib import get_close_matches

from sandik.errors import UsageError

#: The English name first. The others of the built-in lexicon, and those that sources most often have.
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
_BY_NAME = {name.casefold(): code for code, names in NAMES.items() for name in names}
_CODE = re.compile(r"[a-z]{2,3}(\+[a-z]{2,3})*")


def code_of_name(name: str) -> str | None:
    """Return the code of a language by one of its names, in letters of any case."""
    return _BY_NAME.get(name.strip().casefold())


def english_name(code: str) -> str | None:
    """Return what a language is called in English."""
    return NAMES[code][0] if code in NAMES else None


def language_codes(written: Iterable[str]) -> frozenset[str]:
    """Return the codes of languages that are written as codes or names.

    Raises:
        UsageError: one is neither. A code that no post has is found out when the counts are read.
    """
    return frozenset(map(_code, written))


def _code(written: str) -> str:
    if code := code_of_name(written):
        return code
    if _CODE.fullmatch(written.strip().lower()):
        return written.strip().lower()
    hint = did_you_mean(written, [name for names in NAMES.values() for name in names])
    raise UsageError(f"there is no language {written!r}{hint} Or write its code, such as tr")


def did_you_mean(written: str, known: Iterable[str]) -> str:
    """Return the end of a sentence: a question with the nearest of what is known, if anything is near."""
    by_letters = {one.casefold(): one for one in known}
    close = get_close_matches(written.casefold(), by_letters, 1)
    return f"; did you mean {by_letters[close[0]]}?" if close else "."
