"""The language of a post: `load_detector().detect(texts)` gives one `Language` per text, in order.

    text -> cleaning -> sieve (ELD, then CLD2) -> settled? -> Language
                              | not settled
                              +-> voices (all of them) -> pool weighs them -> hint? -> Language

`docs/decisions/020-language-pool.md` says why there are so many, and what each costs.
"""

from sandik.counting.language.by_name import NAMES, load_detector
from sandik.counting.language.detector import UNDETERMINED, Detector, Hints, Language

__all__ = ["NAMES", "UNDETERMINED", "Detector", "Hints", "Language", "load_detector"]
