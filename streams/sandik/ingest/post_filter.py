"""`--filter`: which posts of a source are read."""

from collections.abc import Callable, Sequence

from sandik.counting.tags.alphabet import fold
from sandik.errors import UsageError
from sandik.ingest.items import Item, Skipped, SkipReason
from sandik_schemas.post import Post

_LANGUAGE, _TERM = "language", "term"


def chooser(wishes: Sequence[str]) -> Callable[[Item], Item]:
    """Return the function that turns unwanted posts into Skipped. Edits and deletions always pass.

    `language=tr` compares the language given by the source; posts without one pass. `term=seçim` searches the
    text as the lexicon does, ignoring case, accents and Turkish i's. Of several filters of one kind one must
    hold; of the two kinds, both.

    Raises:
        UsageError: a filter is neither.
    """
    languages: set[str] = set()
    terms: list[str] = []
    for wish in wishes:
        kind, _, value = wish.partition("=")
        if kind == _LANGUAGE and value:
            languages |= {code.strip().lower() for code in value.split(",")}
        elif kind == _TERM and fold(value).strip():
            terms.append(fold(value))
        else:
            raise UsageError(f"--filter {wish}: write language=tr, language=tr,ru or term=WORD")

    def choose(item: Item) -> Item:
        if not isinstance(item, Post) or item.op != "create":
            return item
        if languages and item.lang_hint and _primary(item.lang_hint) not in languages:
            return Skipped(SkipReason.FILTERED, f"language {item.lang_hint}", item.id)
        if terms and not any(term in folded for folded in (fold(item.text),) for term in terms):
            return Skipped(SkipReason.FILTERED, "none of the terms", item.id)
        return item

    return choose


def _primary(language: str) -> str:
    return language.lower().partition("-")[0].partition("_")[0]
