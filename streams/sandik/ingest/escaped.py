"""Makes text safe for a terminal: escapes names of files and hosts, and removes secrets from addresses."""

import re
from hashlib import blake2b
from urllib.parse import parse_qsl, quote, urlsplit, urlunsplit

_HIDDEN = "…"
#: Shorter values are not looked for in what a library says: they would be found in other words.
_MIN_SECRET_CHARACTERS = 4


def printable(text: str) -> str:
    r"""Return `text` with everything escaped that a terminal would act on or hide: `\x1b`, `\u202e`."""
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() or one == " " else _escaped(one) for one in text)


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def without_secrets(url: str) -> str:
    """Return an address without user, password, fragment and the values of its parameters."""
    try:
        parts = urlsplit(url)
        names = [name for name, _ in parse_qsl(parts.query, keep_blank_values=True)]
    except ValueError:
        return printable(url.partition("?")[0].rpartition("@")[2])
    query = "&".join(f"{quote(name)}={_HIDDEN}" for name in names)
    host = parts.netloc.rpartition("@")[2]
    return printable(urlunsplit(parts._replace(netloc=host, query=query, fragment="")))


def identity(url: str) -> str:
    """Return what a file remembers an address by: without secrets, and another for other parameters."""
    shown = without_secrets(url)
    if shown == url:
        return url
    return f"{shown}#{blake2b(url.encode('utf-8', 'replace'), digest_size=8).hexdigest()}"


def scrubbed(text: str, url: str) -> str:
    """Return what a library says of an address without the secrets that stand in it."""
    try:
        parts = urlsplit(url)
        values = [value for _, value in parse_qsl(parts.query)]
    except ValueError:
        parts, values = urlsplit(""), []
    user, _, _ = parts.netloc.rpartition("@")
    text = text.replace(url, without_secrets(url))
    for secret in (parts.query, user, *user.split(":", 1), *values):
        for form in {secret, quote(secret, safe="")}:
            if len(form) >= _MIN_SECRET_CHARACTERS:
                text = text.replace(form, _HIDDEN)
    return printable(re.sub(r"(\w+://)[^/\s@]+@", r"\1", text))
