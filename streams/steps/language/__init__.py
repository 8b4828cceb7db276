"""The language of a post: `load_detector().detect(texts)` gives one `Language` per text, in order.

    text -> cleaning -> fasttext_model -> sure? -> Language
                              | not sure
                              +-> exact_profiles (langdetect's) -> cascade weighs both -> Language

`docs/decisions/004-language-cascade.md` says why it takes two and what each costs.
"""

from streams.steps.language.cascade import NAMES, load_detector
from streams.steps.language.detector import UNDETERMINED, Detector, Language

__all__ = ["NAMES", "UNDETERMINED", "Detector", "Language", "load_detector"]
