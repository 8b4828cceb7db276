"""Check the key of pseudonyms. Author ids can be guessed, so the key must be one that cannot."""

from itertools import pairwise

MIN_CHARACTERS = 16
#: How many different characters, and different steps between neighbours, a key must have: sixteen random
#: hexadecimal digits have fewer once in 30,000 times.
MIN_VARIETY = 6
ADVICE = "make one with `openssl rand -hex 32`"


def weakness(key: str) -> str | None:
    """Return what is wrong with a key, without quoting it; None if it is good enough.

    A key that a person made up may still be guessed, so each message advises to generate one.
    """
    steps = {ord(after) - ord(before) for before, after in pairwise(key)}
    if len(key) < MIN_CHARACTERS:
        wrong = f"has {len(key)} characters, and at least {MIN_CHARACTERS} are needed"
    elif key in (key + key)[1:-1]:
        wrong = "repeats the same characters"
    elif min(len(set(key)), len(steps)) < MIN_VARIETY:
        wrong = "has too little variety"
    else:
        return None
    return f"the key for pseudonyms {wrong}: {ADVICE}"
