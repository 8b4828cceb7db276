"""Languages in archives, by code or name -> BCP 47 codes."""

import re

from sandik.figures.language_names import code_of_name

_CODE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*")


def language_code(written: str) -> str | None:
    """Return the code of a language given by code or name; None for anything else ("LANGUAGE UNDEFINED")."""
    if code := code_of_name(written):
        return code
    return written.strip().replace("_", "-") if _CODE.fullmatch(written.strip()) else None
