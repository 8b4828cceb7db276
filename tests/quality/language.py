"""`make eval-language`: how often each detector is right, on texts whose language is known.

Reads $SANDIK_TEST_DATA/lid_dev.tsv.gz, writes docs/language.json, docs/language.md, and
the figures in README.md. Takes some minutes.
"""

import gzip
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from statistics import mean

import langdetect
import msgspec
from fasttext import load_model

from sandik.counting.language import NAMES, UNDETERMINED, Hints, Language, load_detector
from sandik.counting.language.codes import our_code
from sandik.counting.language.exact_profiles import load_exact_profiles
from sandik.counting.language.fasttext.model import model_path
from sandik.counting.language.hints import DECIDED
from tests.quality.calibrate import Bin, calibration_error, held_out, reliability
from tests.quality.kinds import COUNTRY, Share, by_kind
from tests.quality.labelled import Detect, Score, Text, labelled, score
from tests.quality.posts import DATA, IRA, LID, WITHOUT_DATA

SHIPPED = "langdetect as shipped"
YARDSTICK = "fastText's own code, raw texts"
SAMPLED = "cascade, same sample"
#: A detector that takes milliseconds is asked about one text in so many.
ONE_IN = 4
TURKISH = ("tr", "az", "tk", "uz", "tt", "crh", "ku")
RUSSIAN = ("ru", "uk", "be", "bg", "sr", "mk", "kk", "tt")


Load = Callable[[], Detect]


class Subject(msgspec.Struct):
    """One detector. `us_per_post` is CPU time, the least of some rounds, over all texts it was given."""

    name: str
    version: str
    one_text_in: int
    us_per_post: float
    tweets: Score
    other: Score
    total: Score
    sources: dict[str, Score]


class Hinted(msgspec.Struct):
    """What hints do. `changed_decided`: answers changed although the text had decided, short replies."""

    hints: str
    changed: int
    changed_decided: int
    accuracy_tweets: float
    accuracy_other: float


class Quality(msgspec.Struct):
    """All that `make eval-language` measures."""

    subjects: list[Subject]
    us_per_post: dict[str, dict[str, float]]
    kinds: dict[str, dict[str, Share]]
    confusion: dict[str, dict[str, dict[str, int]]]
    reliability: dict[str, list[Bin]]
    calibration_error: dict[str, float]
    hinted: list[Hinted]


def detect_shipped(texts: Sequence[str], _hints: Hints | None = None) -> list[Language]:
    """Ask langdetect itself, as its README does. It draws lots: another seed, another answer."""
    langdetect.DetectorFactory.seed = 0
    answers = []
    for text in texts:
        try:
            best = langdetect.detect_langs(text)[0]
        except langdetect.LangDetectException:
            answers.append(UNDETERMINED)
        else:
            answers.append(Language(our_code(best.lang), best.prob))
    return answers


def timed(load: Load, texts: Sequence[str], rounds: int) -> tuple[list[Language], float]:
    """Return the answers, and the CPU time of a text in microseconds: the least of some rounds over all.

    Each round has a detector of its own: one that has met the words of these texts before is faster.
    """
    answers: list[Language] = []
    least = float("inf")
    for _ in range(rounds):
        detect = load()
        start = time.process_time()
        answers = detect(texts, None)
        least = min(least, time.process_time() - start)
    return answers, round(least / len(texts) * 1e6, 1)


def subject(name: str, version: str, load: Load, one_text_in: int = 1, rounds: int = 1) -> Subject:
    """Measure one detector."""
    texts = [text for text in labelled() if text.bucket % one_text_in == 0]
    answers, us_per_post = timed(load, [text.text for text in texts], rounds)
    pairs = list(zip(texts, answers, strict=True))

    def part(wanted: Callable[[Text], bool]) -> Score:
        chosen = [(text, answer) for text, answer in pairs if wanted(text)]
        return score([text for text, _ in chosen], [answer for _, answer in chosen])

    return Subject(
        name,
        version,
        one_text_in,
        us_per_post,
        part(lambda text: text.is_tweet),
        part(lambda text: not text.is_tweet),
        part(lambda _: True),
        {
            source: part(lambda text, source=source: text.source == source)  # type: ignore[misc]
            for source in sorted({text.source for text in texts})
        },
    )


def confusion(detect: Detect, family: Sequence[str]) -> dict[str, dict[str, int]]:
    """Return how often a text of each language was taken for which of its family; the rest is `other`."""
    chosen = [text for text in labelled() if text.language in family]
    table = {label: dict.fromkeys([*family, "other"], 0) for label in family}
    for text, answer in zip(chosen, detect([text.text for text in chosen], None), strict=True):
        table[text.language][answer.code if answer.code in family else "other"] += 1
    return table


def hinted() -> list[Hinted]:
    """Give every text a hint: its label, a label drawn at random, the same language for all, or nonsense."""
    texts, detector = labelled(), load_detector()
    plain = [text.text for text in texts]
    labels = [text.language for text in texts]
    drawn = [labels[text.bucket % len(labels)] for text in texts]
    kinds: dict[str, Sequence[str | None]] = {
        "none": [None] * len(texts),
        "all right": labels,
        "one in ten drawn at random": [
            d if text.bucket % 10 == 3 else text.language for text, d in zip(texts, drawn, strict=True)
        ],
        "all drawn at random": drawn,
        "`tr` for every text": ["tr"] * len(texts),
        "5,000 different words that are no codes": [f"lang{text.bucket % 5_000}" for text in texts],
    }
    before = detector.detect(plain)
    decided = [answer.confidence >= DECIDED for answer in before]
    result = []
    for name, hints in kinds.items():
        after = detector.detect(plain, hints)
        changed = [old != new for old, new in zip(before, after, strict=True)]
        right = [text.language == answer.code for text, answer in zip(texts, after, strict=True)]
        accuracy = [
            round(mean(one for text, one in zip(texts, right, strict=True) if text.is_tweet == is_tweet), 4)
            for is_tweet in (True, False)
        ]
        wrongly = sum(a and b for a, b in zip(changed, decided, strict=True))
        result.append(Hinted(name, sum(changed), wrongly, *accuracy))
    return result


def measure() -> Quality:
    """Measure everything."""
    subjects = []
    for name in NAMES:
        sys.stderr.write(f"{name} ...\n")
        subjects.append(subject(name, load_detector(name).version, partial(_detect, name), rounds=3))
    sys.stderr.write(f"{SHIPPED} ...\n")
    subjects.append(subject(SHIPPED, load_exact_profiles().version, lambda: detect_shipped, ONE_IN))
    detect = load_detector().detect
    subjects.append(subject(SAMPLED, subjects[0].version, partial(_detect, "cascade"), ONE_IN, rounds=3))
    detectors = {name: by_kind(load_detector(name).detect) for name in ("cascade", "fasttext", "langdetect")}
    parts = {
        "tweets": [text for text in labelled() if text.is_tweet and text.source != COUNTRY],
        "sentences": [text for text in labelled() if not (text.is_tweet or "word" in text.source)],
        "words and pairs": [text for text in labelled() if "word" in text.source],
    }
    bins = {
        part: reliability(held_out(texts), detect([text.text for text in held_out(texts)], None))
        for part, texts in parts.items()
    }
    sys.stderr.write("hints ...\n")
    return Quality(
        subjects,
        us_on_archives(),
        detectors,
        {"tr": confusion(detect, TURKISH), "ru": confusion(detect, RUSSIAN)},
        bins,
        {name: calibration_error(one) for name, one in bins.items()},
        hinted(),
    )


def us_on_archives() -> dict[str, dict[str, float]]:
    """Return the cost of a post by detector and texts."""
    with gzip.open(DATA / IRA, "rt", encoding="utf-8", newline="\n") as lines:
        ira = [line.rstrip("\n").rpartition("\t")[2] for line in lines][1:]
    parts = {
        "labelled texts": [text.text for text in labelled()],
        "labelled tweets": [text.text for text in labelled() if text.is_tweet],
        "IRA tweets": ira[:: len(ira) // 20_000],
    }
    loads: dict[str, Load] = {name: partial(_detect, name) for name in ("cascade", "fasttext")}
    loads[YARDSTICK] = _theirs
    return {
        name: {part: timed(load, texts, rounds=5)[1] for part, texts in parts.items()}
        for name, load in loads.items()
    }


def _detect(name: str) -> Detect:
    return load_detector(name).detect


def _theirs() -> Detect:
    model = load_model(str(model_path()))

    def detect(texts: Sequence[str], _hints: Hints | None) -> list[Language]:
        return [Language("", model.predict(text.replace("\n", " "))[1][0]) for text in texts]

    return detect


def main() -> int:
    """Measure, and write docs/language.json, docs/language.md and measured_detector.json of the lexicon."""
    if not (DATA / LID).exists():
        sys.stderr.write(f"{WITHOUT_DATA}\n")
        return 2
    from tests.quality import readme
    from tests.quality.language_report import as_markdown, told_to_readers

    quality = measure()
    docs = Path(__file__).parents[2] / "docs"
    (docs / "language.json").write_bytes(msgspec.json.format(msgspec.json.encode(quality), indent=2) + b"\n")
    (docs.parent / "streams/sandik/lexicon/measured_detector.json").write_bytes(told_to_readers(quality))
    report = as_markdown(quality)
    (docs / "language.md").write_text(report, "utf-8")
    readme.write()
    sys.stdout.write(report)
    return 0


if __name__ == "__main__":
    sys.exit(main())
