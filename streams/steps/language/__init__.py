"""The language of a post: `load_detector().detect(texts)` gives one `Language` per text, in order.

    text -> cleaning -> fasttext_model -> sure? -> Language
                              | not sure
                              +-> exact_profiles (langdetect's) -> cascade weighs both -> Language

`docs/decisions/004-language-cascade.md` says why it takes two and what each costs.
"""

from streams.steps.language.detector import UNDETERMINED, Detector, Hints, Language
from streams.steps.language.detectors import NAMES, load_detector

__all__ = ["NAMES", "UNDETERMINED", "Detector", "Hints", "Language", "load_detector"]
