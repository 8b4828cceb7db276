"""Ids, language codes and reposts of X, in both of its APIs."""

import re

#: X's own codes for "no language", "only hashtags" and so on.
_NO_LANGUAGES = frozenset({"und", "zxx", "qam", "qct", "qht", "qme", "qst", "art"})
_RENAMED_LANGUAGES = {"in": "id", "iw": "he", "ji": "yi"}  # old codes of ISO 639

# Since November 2010 an id is the milliseconds since this instant, shifted left by 22 bits.
_EPOCH_MS = 1_288_834_974_657
_TIME_BITS = 22
_FIRST_WITH_TIME = 1 << 35
_MAX_DIGITS = 19


def id_time_ms(native_id: str) -> int | None:
    """Return when an id was created, in ms UTC; None for ids from before November 2010."""
    if not native_id.isdecimal() or len(native_id) > _MAX_DIGITS or int(native_id) < _FIRST_WITH_TIME:
        return None
    return (int(native_id) >> _TIME_BITS) + _EPOCH_MS


def language_hint(code: str | None) -> str | None:
    """Return the language code; None if it means "no language"."""
    return None if code is None or code in _NO_LANGUAGES else _RENAMED_LANGUAGES.get(code, code)


_REPEATS = re.compile(r"\s*RT @(\w{1,30})\b")


def reposted_user(text: str) -> str | None:
    """Return `@user` if the text begins with `RT @user`; archives have no other trace of the original."""
    found = _REPEATS.match(text)
    return f"@{found[1]}" if found else None
