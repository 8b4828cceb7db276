"""text, language -> the terms that count, and their tags: fold, match, decide. Pure."""

from sandik.counting.tags.lexicon import LexiconError
from sandik.counting.tags.loading import load_tagger
from sandik.counting.tags.match import Tagger, tags_of

__all__ = ["LexiconError", "Tagger", "load_tagger", "tags_of"]
