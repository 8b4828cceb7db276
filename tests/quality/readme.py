"""Write into README.md how often tags and languages are right: what docs/terms.json and language.json say."""

from collections.abc import Iterator, Sequence

import msgspec

from tests.docs.pages import ROOT, written_between
from tests.quality.language import Quality as LanguageQuality
from tests.quality.post_level import Figure
from tests.quality.terms import Quality
from tests.quality.terms_report import GOAL_LANGUAGES

_BEGIN = "<!-- measured: written by `make eval-terms` and `make eval-language` -->\n"
_END = "<!-- /measured -->\n"
_NAMES = {"tr": "Turkish", "ru": "Russian", "en": "English"}
_TAGS = ("election", "deepfake")
#: A kind with fewer posts than this says nothing: its interval is wider than the difference between kinds.
_ENOUGH_POSTS = 20
#: There nobody looked for posts without the tag, and next to none has it.
_ARCHIVES = "archives"


def write() -> None:
    """Put the figures that were measured last into README.md."""
    readme = ROOT / "README.md"
    readme.write_text(written_into(readme.read_text("utf-8")), "utf-8")


def written_into(document: str) -> str:
    """Return the document with the figures in their place."""
    terms = msgspec.json.decode((ROOT / "docs" / "terms.json").read_bytes(), type=Quality)
    languages = msgspec.json.decode((ROOT / "docs" / "language.json").read_bytes(), type=LanguageQuality)
    told = "\n".join(
        (*_tags(terms.post_level), "", _archives(terms.post_level), "", _languages(languages), "")
    )
    return written_between(document, _BEGIN, _END, told)


def _tags(figures: Sequence[Figure]) -> Iterator[str]:
    yield f"| held-out posts | {' | '.join(_NAMES[language] for language in GOAL_LANGUAGES)} |"
    yield f"|---{'|--:' * len(GOAL_LANGUAGES)}|"
    for tag in _TAGS:
        kinds = [one for one in figures if one.is_held_out and one.tag == tag and one.kind != _ARCHIVES]
        for share, posts in (("precision", "tagged"), ("recall", "about")):
            cells = [
                _worst_to_best(
                    getattr(one, share)
                    for one in kinds
                    if one.language == language and getattr(one, posts) >= _ENOUGH_POSTS
                )
                for language in GOAL_LANGUAGES
            ]
            yield f"| `{tag}`, {share} | {' | '.join(cells)} |"


def _worst_to_best(shares: Iterator[float]) -> str:
    found = sorted(shares)
    return f"{found[0]:.0%} to {found[-1]:.0%}".replace("%", " %").replace(" % to", " to")


def _archives(figures: Sequence[Figure]) -> str:
    found = [one for one in figures if one.is_held_out and one.kind == _ARCHIVES]
    right, tagged = sum(one.right for one in found), sum(one.tagged for one in found)
    return (
        f"In archives where hardly any post speaks of deepfakes, {right} of {tagged} posts with the tag do:\n"
        "read them before you quote their share."
    )


def _languages(quality: LanguageQuality) -> str:
    kinds = quality.kinds["cascade"]
    shares = [f"{kinds[kind].share:.0%}" for kind in ("tweets", "sentences", "words and pairs")]
    tweets, sentences, words = (share.replace("%", " %") for share in shares)
    return (
        f"The language is right for {tweets} of tweets, {sentences} of sentences, and {words} of single\n"
        "words and pairs of words."
    )
