"""Names of languages, as archives write them in English -> BCP 47 codes."""

import re

_CODES = {
    "Albanian": "sq", "Arabic": "ar", "Azerbaijani": "az", "Bulgarian": "bg", "Catalan": "ca",
    "Croatian": "hr", "Czech": "cs", "Danish": "da", "Dutch": "nl", "English": "en",
    "Estonian": "et", "Farsi (Persian)": "fa", "Finnish": "fi", "French": "fr", "German": "de",
    "Greek": "el", "Hebrew": "he", "Hindi": "hi", "Hungarian": "hu", "Icelandic": "is",
    "Indonesian": "id", "Italian": "it", "Japanese": "ja", "Korean": "ko", "Kurdish": "ku",
    "Latvian": "lv", "Lithuanian": "lt", "Macedonian": "mk", "Malay": "ms", "Norwegian": "no",
    "Polish": "pl", "Portuguese": "pt", "Pushto": "ps", "Romanian": "ro", "Russian": "ru",
    "Serbian": "sr", "Slovak": "sk", "Slovenian": "sl", "Somali": "so", "Spanish": "es",
    "Swedish": "sv", "Tagalog (Filipino)": "tl", "Turkish": "tr", "Ukrainian": "uk", "Urdu": "ur",
    "Uzbek": "uz", "Vietnamese": "vi",
}  # fmt: skip
_BY_NAME = {name.lower(): code for name, code in _CODES.items()}
_CODE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*")


def language_code(written: str) -> str | None:
    """Return the code for a code or an English name; None for anything else ("LANGUAGE UNDEFINED")."""
    if code := _BY_NAME.get(written.strip().lower()):
        return code
    return written.strip().replace("_", "-") if _CODE.fullmatch(written.strip()) else None
