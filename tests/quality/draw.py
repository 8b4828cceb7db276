"""Draw posts to be judged: `python -m tests.quality.draw LANGUAGE SEED OUT FILE...`, before any look at tags.

From three strata, so that few labels say much: posts that carry the tag (T), posts without it that have a
word of the wide net (C), posts that only name people or parties (P). OUT, which is never committed, gets id,
stratum, weight and text in an order that does not tell the stratum; labels go to `labels/net`, ids, no texts.
"""

import csv
import random
import re
import sys
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from sandik.run_identity import load_job
from sandik.settings import Settings
from tests.quality.judged import judged
from tests.quality.posts import SourcedPost, posts

#: How many posts of each stratum are drawn.
SIZES = {"T": 60, "C": 60, "P": 20}
#: Words that may speak of an election, and names of who takes part: wide on purpose.
CORE = {
    "ru": r"выбор[ыа-я]*|голосо|голосу|голос(а|ов|ам)\b|кандидат|избир|избра|\bцик\b|\bуик|бюл+етен|явк"
    r"|референдум|инаугур|дебат|электор|самовыдв|предвыб|праймериз|кампани|фальсиф|вброс"
    r"|\bтур[ае]?\b|наблюдател|мандат|агитац|переизб",
    "tr": r"se[cç]im|sand[ıi][kğg]|\boy\b|\boy(u|lar|um|una|unu|la)|aday|referandum|mazbata|\bysk\b"
    r"|m[iı]t[iı]ng|ittifak|se[cç]men|se[cç]il|anket|baraj|kampanya|propaganda|tutanak"
    r"|m[uü][sş]ahit|milletvekil|\bmv\b|ikinci tur|ilk tur|hile|itiraz|\brey\b",
    "en": r"elect|vot(e|ing|er)|ballot|candida|campaign|primar(y|ies)|\bpoll|midterm|runoff|caucus"
    r"|incumbent|nominee|landslide|inaugurat|recount|turnout|\brace\b|debate|referendum"
    r"|swing state|gerrymander|2016|2018|2020",
}
PEOPLE = {
    "ru": r"депутат|губернатор|президент|парламент|\bмэр|парти[яийю]|единая россия|едро|оппозиц|навальн"
    r"|трамп|байден|клинтон|харрис|зеленск|эрдоган|лукашенк|макрон|меркел|санду|марин ле пен"
    r"|демократ|республиканц|рейтинг",
    "tr": r"cumhurba[sş]kan|meclis|part[iı]|muhalefet|belediye|\bvekil|reis|[iı]mamo[gğ]lu|erdo[gğ]an"
    r"|k[ıi]l[ıi][cç]daro|\bchp|\bakp|hdp|mhp|binali|mansur|muharrem|\bince\b|\bkoalisyon"
    r"|h[uü]k[uü]met|demirta[sş]|bah[cç]eli|ak[sş]ener|kayyum",
    "en": r"trump|hillary|clinton|bernie|senat|congress|democrat|republican|\bgop\b|\bdnc\b|president"
    r"|governor|mayor|russia|collusion",
}


def stratum_of(text: str, language: str, *, is_tagged: bool) -> str | None:
    """Return T, C or P; None of a post that the net does not catch."""
    if is_tagged:
        return "T"
    return next(
        (name for name, net in (("C", CORE), ("P", PEOPLE)) if re.search(net[language], text, re.IGNORECASE)),
        None,
    )


def drawn(
    found: Iterable[tuple[SourcedPost, bool]], language: str, seed: int, known: frozenset[str] = frozenset()
) -> list[tuple[str, str, float, str]]:
    """Return id, stratum, weight and text of the sample, shuffled. Texts that are there twice are one,
    and none is drawn whose text is `known`."""
    strata: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for post, is_tagged in found:
        post_id = f"{post.file}:{post.row_id}"
        stratum = stratum_of(post.text, language, is_tagged=is_tagged)
        if stratum is not None and post.text not in known:
            strata[stratum].setdefault(post.text, post_id)
    lots = random.Random(seed)
    sample = []
    for name, size in SIZES.items():
        of_it = sorted((post_id, text) for text, post_id in strata[name].items())
        picked = lots.sample(of_it, min(size, len(of_it)))
        sample += [(post_id, name, round(len(of_it) / len(picked), 4), text) for post_id, text in picked]
    lots.shuffle(sample)
    return sample


def main() -> int:
    """Draw, and write the sample for who judges it."""
    language, seed, out, *files = sys.argv[1:]
    job = load_job(Settings())
    sourced = [post for post in posts(*files) if post.language == language and post.text.strip()]
    answers = job.annotate([post.text for post in sourced])
    found = [(post, "election" in one.tags) for post, one in zip(sourced, answers, strict=True)]
    known = frozenset(one.text for one in judged() if one.text is not None)
    with Path(out).open("w", encoding="utf-8", newline="") as target:
        rows = csv.writer(target, delimiter="\t", lineterminator="\n")
        rows.writerow(("id", "stratum", "weight", "text"))
        rows.writerows(drawn(found, language, int(seed), known))
    return 0


if __name__ == "__main__":
    sys.exit(main())
