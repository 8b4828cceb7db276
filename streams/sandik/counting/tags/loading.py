"""Load a tagger: with the compiled part, from the file that an earlier process has kept, if there is one."""

from functools import lru_cache, partial

from sandik.counting.native import NATIVE
from sandik.counting.tags.kept import file_of, keep, read
from sandik.counting.tags.layers import LexiconChoice, is_shipped, layer_names, read_layers
from sandik.counting.tags.lexicon import load_lexicon
from sandik.counting.tags.match import Tagger
from sandik.counting.tags.ready import ReadyTagger, made_ready


def load_tagger(lexicon: LexiconChoice = None) -> Tagger:
    """Return a tagger for the lexicon of these layers, or for the built-in one. Raises LexiconError.

    Layers that ship with sandik are the same for as long as the process runs, so they are read once.
    """
    names = layer_names(lexicon)
    load = _shipped if all(map(is_shipped, names)) else _loaded
    return load(",".join(names))


def _loaded(lexicon: str) -> Tagger:
    if NATIVE is None:
        return Tagger(load_lexicon(lexicon), None)
    layers = read_layers(lexicon)
    file = file_of(layers)
    ready = read(file) if file else None
    if ready is None:
        ready = made_ready(load_lexicon(lexicon), NATIVE)
        if file and file == file_of(layers):  # the lexicon has not changed meanwhile
            keep(file, ready)
    return ReadyTagger(ready, NATIVE, partial(load_lexicon, lexicon))


_shipped = lru_cache(maxsize=4)(_loaded)
