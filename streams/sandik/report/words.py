"""Texts of a report: sentences, numbers, times and languages, in English, Turkish or Russian. Pure.

The texts are in `words.LANGUAGE.toml`. Tags of the default pair have texts; other tags are shown by name.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cached_property, lru_cache
from html import escape
from pathlib import Path
from typing import Literal

import msgspec

from sandik.figures.corrected import Estimate
from sandik.figures.language_names import name_in
from sandik.figures.rollup import EVERY, Share
from sandik.figures.shares import percent
from sandik_schemas.pair import DEFAULT_PAIR, Pair

Lang = Literal["en", "tr", "ru"]

#: Not allowed in HTML; some are interpreted by terminals.
_CONTROLS = dict.fromkeys({*range(32), *range(127, 160)} - {9, 10}, "�") | {13: None}
_UNITS = ((86_400_000, "d"), (3_600_000, "h"), (60_000, "min"), (1_000, "s"), (1, "ms"))


def safe(text: str) -> str:
    """Return the text escaped for HTML. Control characters, except line ends and tabs, are replaced."""
    return escape(text.translate(_CONTROLS))


class _Tag(msgspec.Struct, frozen=True):
    about: str
    does: str
    name: str


class Words(msgspec.Struct, frozen=True, dict=True):
    """The texts of one language. `day` is the format of a date, for strftime."""

    lang: Lang
    decimal: str
    group: str
    percent: str
    day: str
    units: dict[str, str]
    tags: dict[str, _Tag]
    columns: dict[str, str]
    texts: dict[str, str]

    def say(self, key: str, **values: object) -> str:
        """Return the text with these values in it."""
        return self.texts[key].format(**values)

    def number(self, value: float) -> str:
        """Return a number, its thousands apart."""
        told = f"{value:,}" if isinstance(value, int) else f"{value:g}"
        return told.translate({ord(","): self.group, ord("."): self.decimal})

    def share(self, value: float) -> str:
        """Return a share as `sandik.figures.shares.percent` tells it."""
        told = percent(value)
        for edge in ("under", "over"):
            if told.startswith(edge):
                return self.say(edge, share=self._percent(told.removeprefix(edge)))
        return self._percent(told)

    def _percent(self, told: str) -> str:
        digits = told.strip(" \N{NO-BREAK SPACE}%").replace(".", self.decimal)
        return self.percent.format(n=digits)

    def interval(self, share: Share | Estimate) -> str:
        """Return the share's 95 % interval."""
        return self.say("interval", low=self.share(share.low), high=self.share(share.high))

    def share_text(
        self, share: Share | None, posts: Mapping[str, int], pair: Pair | None, base: str | None
    ) -> str:
        """Return the share with its interval and its base; without a pair, the number of posts."""
        if pair is None:
            return self.say("posts_about", n=self.number(posts.get(base or "", 0)), about=self.about(base))
        if share is None:
            return self.say("none_about", about=self.about(pair.base))
        both, of = posts.get(pair.name, 0), posts[pair.base]
        told = self.share(share.value or both / of)
        return self.say(
            "share_of", both=self.number(both), of=self.number(of), share=told, interval=self.interval(share)
        )

    def when(self, at_ms: int) -> str:
        """Return `2023-05-11 18:00`, UTC, with seconds only where there are some."""
        found = datetime.fromtimestamp(at_ms / 1000, UTC)
        return found.strftime(f"{self.day} {'%H:%M:%S' if found.second else '%H:%M'}")

    @cached_property
    def short_day(self) -> slice:
        """The position of day and month in a date."""
        return slice(5, 10) if self.day.startswith("%Y") else slice(0, 5)

    def span(self, from_ms: int, to_ms: int) -> str:
        """Return a period, with the day once if it is the same."""
        start, end = self.when(from_ms), self.when(to_ms)
        return f"{start} – {end[11:] if end[:10] == start[:10] else end}"

    def duration(self, length_ms: int) -> str:
        """Return `5 min`, `1 h` or `7 d`: the largest unit that gives a whole number."""
        unit_ms, name = next(unit for unit in _UNITS if length_ms % unit[0] == 0)
        return self.units[name].format(n=self.number(length_ms // unit_ms))

    def language(self, code: str) -> str:
        """Return the name of a language, with its code."""
        if code == EVERY:
            return self.say("all_languages")
        names = [name_in(self.lang, part) for part in code.split("+")]
        known = [name for name in names if name]
        return self.say("language", name=" + ".join(known), code=code) if len(known) == len(names) else code

    def column(self, tag: str) -> str:
        """Return what a tag is called in tables."""
        return self.columns.get(tag, tag)

    def about(self, tag: str | None) -> str:
        """Return what posts with the tag are: `about the election`."""
        if tag is None:
            return self.say("about_none")
        return self.tags[tag].about if tag in self.tags else self.say("about_other", tag=tag)

    def too(self, pair: Pair) -> str:
        """Return the text for the other tags of the pair: `speak of deepfakes, too`."""
        does = [
            self.tags[tag].does if tag in self.tags else self.say("does_other", tag=tag)
            for tag in _others(pair)
        ]
        return self.say("too", what=self.listed(does))

    def listed(self, parts: Sequence[str]) -> str:
        """Return the parts with `and` between them."""
        return self.say("and").join(parts)

    def heading(self, pair: Pair | None) -> str:
        """Return the question that the report answers."""
        if pair is None:
            return self.say("heading_none")
        if pair == DEFAULT_PAIR:
            return self.say("heading_usual")
        return self.say("heading", about=self.about(pair.base), too=self.too(pair))

    def title(self, pair: Pair | None) -> str:
        """Return a short name of it."""
        if pair is None:
            return self.say("title_none")
        names = (pair.base, *_others(pair))
        return self.listed([self.tags[tag].name if tag in self.tags else tag for tag in names])

    def counted_how(self, pair: Pair | None) -> str:
        """Return how posts are counted, and the base of the share."""
        if pair == DEFAULT_PAIR:
            return self.say("how", what=self.say("what_usual"), share=self.say("share_usual"))
        share = ""
        if pair is not None:
            share = self.say("share_other", about=self.about(pair.base), too=self.too(pair))
        return self.say("how", what=self.say("what_other"), share=share)


def _others(pair: Pair) -> list[str]:
    """Return the tags of the pair but for its base."""
    return [tag for tag in pair.of if tag != pair.base]


@lru_cache
def words_of(lang: Lang) -> Words:
    """Return the words of a language."""
    data = Path(__file__).with_name(f"words.{lang}.toml").read_bytes()
    return msgspec.toml.decode(data, type=Words)


ENGLISH = words_of("en")
