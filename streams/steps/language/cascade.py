"""The detectors by name. The default asks fastText, and where fastText is unsure langdetect has a say."""

from collections.abc import Mapping

from streams.steps.language.detector import UNDETERMINED, CleanTextDetector, Detector, Language, language
from streams.steps.language.exact_profiles import ExactProfiles, load_exact_profiles
from streams.steps.language.fasttext_model import FasttextModel, load_fasttext_model

#: Number of the rules in this package (cleaning, codes, how the two are weighed). Raise it when an answer may
#: change: it is part of every version string.
RULES = 1

#: From this probability on, fastText's answer stands. Below it, the answer is right less than half the time.
SURE = 0.5

#: Each letter of a text is in several of its n-grams (of 1, 2 and 3 characters), so taken as independent
#: evidence they say the same thing three times over.
NGRAM_EVIDENCE = 1 / 3


def load_detector(name: str = "cascade") -> Detector:
    """Load a detector, in less than 2 s: `cascade` (the default), `fasttext` or `langdetect`.

    Nothing is downloaded and nothing loaded before. ValueError names the choices if `name` is none of them.
    """
    if name not in _LOADERS:
        raise ValueError(f"no language detector is called {name!r}: choose one of {', '.join(NAMES)}")
    return _LOADERS[name]()


def weigh(prior: Mapping[str, float], evidence: Mapping[str, float]) -> dict[str, float]:
    """Return what fastText holds (`prior`) once langdetect was heard (`evidence`): probability by language.

    langdetect shares out anew the probability of the languages it knows. The others (Azerbaijani, Kurdish,
    Kazakh and 110 more) keep theirs: having no profile is no evidence against a language.
    """
    shared = {code: prior[code] * p for code, p in evidence.items() if code in prior}
    total = sum(shared.values())
    if not total:
        return dict(prior)
    mass = sum(prior[code] for code in shared)
    # Divided first: `total` can be so small that mass / total is infinite.
    return {**prior, **{code: p / total * mass for code, p in shared.items()}}


def _likeliest(probabilities: Mapping[str, float]) -> Language:
    if not probabilities:
        return UNDETERMINED
    code = max(probabilities, key=probabilities.__getitem__)
    return language(code, probabilities[code])


def _load_fasttext() -> Detector:
    model = load_fasttext_model()
    return CleanTextDetector(f"fasttext-{RULES}:{model.version}", lambda text: language(*model.best(text)))


def _load_langdetect() -> Detector:
    profiles = load_exact_profiles()
    return CleanTextDetector(
        f"langdetect-{RULES}:{profiles.version}", lambda text: _likeliest(profiles.posterior(text))
    )


def _load_cascade() -> Detector:
    model, profiles = load_fasttext_model(), load_exact_profiles()
    version = f"cascade-{RULES}:{model.version}:{profiles.version}"
    return CleanTextDetector(version, lambda text: _cascade(text, model, profiles))


def _cascade(text: str, model: FasttextModel, profiles: ExactProfiles) -> Language:
    code, probability = model.best(text)
    if probability >= SURE:
        return language(code, probability)
    return _likeliest(weigh(model.distribution(text), profiles.posterior(text, NGRAM_EVIDENCE)))


_LOADERS = {"cascade": _load_cascade, "fasttext": _load_fasttext, "langdetect": _load_langdetect}
NAMES = tuple(_LOADERS)
